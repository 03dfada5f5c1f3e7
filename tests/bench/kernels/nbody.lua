return 2000, function(n, xs, fs)
	local count, sqrt = 5, math.sqrt
	for i = 0, count - 1 do
		local at = i + 0.0
		fs[i * 5] = at * 1.5
		fs[i * 5 + 1] = at * at * 0.25
		fs[i * 5 + 2] = 0.1 * at
		fs[i * 5 + 3] = 0.2 - 0.05 * at
		fs[i * 5 + 4] = 1.0 / (at + 1.0)
	end
	for step = 1, n do
		for i = 0, count - 1 do
			for j = i + 1, count - 1 do
				local dx = fs[i * 5] - fs[j * 5]
				local dy = fs[i * 5 + 1] - fs[j * 5 + 1]
				local square = dx * dx + dy * dy + 0.01
				local pull = 0.001 / (square * sqrt(square))
				local of_i, of_j = fs[i * 5 + 4] * pull, fs[j * 5 + 4] * pull
				fs[i * 5 + 2] = fs[i * 5 + 2] - dx * of_j
				fs[i * 5 + 3] = fs[i * 5 + 3] - dy * of_j
				fs[j * 5 + 2] = fs[j * 5 + 2] + dx * of_i
				fs[j * 5 + 3] = fs[j * 5 + 3] + dy * of_i
			end
		end
		for i = 0, count - 1 do
			fs[i * 5] = fs[i * 5] + 0.001 * fs[i * 5 + 2]
			fs[i * 5 + 1] = fs[i * 5 + 1] + 0.001 * fs[i * 5 + 3]
		end
	end
	return bits(fs[0] + fs[6])
end
