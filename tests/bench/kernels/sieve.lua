return 4000, function(n, xs, fs)
	local count = 0
	for round = 1, 20 do
		for i = 0, n - 1 do xs[i] = 1 end
		count = 0
		for i = 2, n - 1 do
			if xs[i] == 1 then
				count = count + 1
				for j = i * i, n - 1, i do xs[j] = 0 end
			end
		end
	end
	return count
end
