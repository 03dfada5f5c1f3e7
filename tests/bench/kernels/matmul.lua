return 36, function(n, xs, fs)
	for i = 0, n * n - 1 do
		fs[i] = i * 0.5
		fs[n * n + i] = i * 0.25 - 3.0
	end
	for i = 0, n - 1 do
		for j = 0, n - 1 do
			local sum = 0.0
			for k = 0, n - 1 do
				sum = sum + fs[i * n + k] * fs[n * n + k * n + j]
			end
			fs[2 * n * n + i * n + j] = sum
		end
	end
	return bits(fs[2 * n * n + n + 1])
end
