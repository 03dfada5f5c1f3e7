return 4000, function(n, xs, fs)
	local sum = 0
	for i = 0, n - 1 do xs[i] = i * 7 end
	for round = 1, 200 do
		for i = 0, n - 1 do sum = sum + xs[i] end
	end
	return sum
end
