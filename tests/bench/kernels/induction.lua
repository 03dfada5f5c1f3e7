return 2000000, function(n, xs, fs)
	local sum, i = 0, 0
	while i < n do
		sum = sum + i
		i = i + 1
	end
	return sum
end
