return 2000, function(n, xs, fs)
	for i = 0, n - 1 do fs[i] = ((i * 37) % 101) + 0.0 end
	for round = 1, 100 do
		for i = 1, n - 2 do
			fs[2000 + i] = (fs[i - 1] + fs[i] + fs[i + 1]) * 0.3333333333333333
		end
		for i = 1, n - 2 do fs[i] = fs[2000 + i] end
	end
	return bits(fs[math.floor(n / 2)])
end
