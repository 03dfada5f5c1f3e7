return 2000, function(n, xs, fs)
	for i = 0, n - 1 do
		fs[i] = i + 0.0
		fs[n + i] = i * 0.125
	end
	for round = 1, 100 do
		for i = 0, n - 1 do fs[n + i] = 0.5 * fs[i] + fs[n + i] end
	end
	return bits(fs[n + math.floor(n / 2)])
end
