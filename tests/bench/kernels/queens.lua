local function place(xs, n, row)
	if row == n then return 1 end
	local found = 0
	for column = 0, n - 1 do
		local free = true
		for above = 0, row - 1 do
			local taken = xs[above]
			if taken == column or taken + row - above == column or taken - row + above == column then
				free = false
				break
			end
		end
		if free then
			xs[row] = column
			found = found + place(xs, n, row + 1)
		end
	end
	return found
end

return 7, function(n, xs, fs)
	return place(xs, n, 0)
end
