return 300, function(n, xs, fs)
	for j = 0, n do xs[j] = j end
	for i = 1, n do
		local diagonal = xs[0]
		xs[0] = i
		for j = 1, n do
			local up = xs[j]
			local cost = (i * 7) % 13 == (j * 5) % 13 and 0 or 1
			local best = up + 1
			if xs[j - 1] + 1 < best then best = xs[j - 1] + 1 end
			if diagonal + cost < best then best = diagonal + cost end
			xs[j] = best
			diagonal = up
		end
	end
	return xs[n]
end
