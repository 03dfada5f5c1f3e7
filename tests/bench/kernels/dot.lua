return 2000, function(n, xs, fs)
	for i = 0, n - 1 do
		fs[i] = i + 0.0
		fs[n + i] = i * 0.125 - 1.0
	end
	local total = 0.0
	for round = 1, 100 do
		local sum = 0.0
		for i = 0, n - 1 do sum = sum + fs[i] * fs[n + i] end
		total = total * 0.5 + sum
	end
	return bits(total)
end
