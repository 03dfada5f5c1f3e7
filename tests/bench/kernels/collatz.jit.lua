local bit = require("bit")
local band, rshift = bit.band, bit.rshift

return 6000, function(n, xs, fs)
	local best = 0
	for i = 1, n - 1 do
		local x, steps = i, 0
		while x ~= 1 do
			if band(x, 1) == 1 then x = 3 * x + 1 else x = rshift(x, 1) end
			steps = steps + 1
		end
		if steps > best then best = steps end
	end
	return best
end
