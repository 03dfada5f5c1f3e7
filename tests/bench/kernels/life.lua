return 20, function(n, xs, fs)
	local size, from, alive = 40, 0, 0
	local cells = size * size
	for i = 0, 2 * cells - 1 do xs[i] = 0 end
	for i = 1, size - 2 do
		for j = 1, size - 2 do xs[i * size + j] = (i * j + i) % 3 == 0 and 1 or 0 end
	end
	for step = 1, n do
		local to = cells - from
		for i = 1, size - 2 do
			for j = 1, size - 2 do
				local at = from + i * size + j
				local around = xs[at - size - 1] + xs[at - size] + xs[at - size + 1]
					+ xs[at - 1] + xs[at + 1]
					+ xs[at + size - 1] + xs[at + size] + xs[at + size + 1]
				xs[to + i * size + j] =
					(around == 3 or (around == 2 and xs[at] == 1)) and 1 or 0
			end
		end
		from = to
	end
	for i = 0, cells - 1 do alive = alive + xs[from + i] end
	return alive
end
