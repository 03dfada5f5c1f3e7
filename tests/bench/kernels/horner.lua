return 100000, function(n, xs, fs)
	local sum = 0.0
	for i = 0, n - 1 do
		local x = i * 0.00001
		sum = sum + (((((x * 0.3 - 1.1) * x + 0.7) * x - 0.2) * x + 2.5) * x + 0.125)
	end
	return bits(sum)
end
