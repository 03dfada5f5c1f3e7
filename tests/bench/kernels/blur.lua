return 10, function(n, xs, fs)
	local size, total, floor = 64, 0, math.floor
	local cells = size * size
	for i = 0, cells - 1 do xs[i], xs[cells + i] = i * 97 % 256, 0 end
	for round = 1, n do
		for y = 1, size - 2 do
			for x = 1, size - 2 do
				local at = y * size + x
				local sum = 4 * xs[at] + 2 * (xs[at - 1] + xs[at + 1] + xs[at - size] + xs[at + size])
					+ xs[at - size - 1] + xs[at - size + 1] + xs[at + size - 1] + xs[at + size + 1]
				local mean = floor(sum * 17 / 256) - 4
				if mean < 0 then mean = 0 end
				if mean > 255 then mean = 255 end
				xs[cells + at] = mean
			end
		end
		for i = 0, cells - 1 do xs[i] = xs[cells + i] end
	end
	for i = 0, cells - 1 do total = total + xs[i] end
	return total
end
