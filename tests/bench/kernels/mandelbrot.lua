return 60, function(n, xs, fs)
	local inside = 0
	for py = 0, n - 1 do
		for px = 0, n - 1 do
			local cx, cy = px * 3.0 / n - 2.0, py * 2.0 / n - 1.0
			local x, y, k = 0.0, 0.0, 0
			while k < 100 and x * x + y * y <= 4.0 do
				x, y = x * x - y * y + cx, 2.0 * x * y + cy
				k = k + 1
			end
			inside = inside + k
		end
	end
	return inside
end
