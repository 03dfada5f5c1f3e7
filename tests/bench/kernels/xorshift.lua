return 1000000, function(n, xs, fs)
	local x, acc = 88172645463325252, 0
	for i = 1, n do
		x = x ~ (x << 13)
		x = x ~ (x >> 7)
		x = x ~ (x << 17)
		acc = acc + x
	end
	return acc
end
