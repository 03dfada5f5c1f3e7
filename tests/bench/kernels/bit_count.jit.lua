local bit = require("bit")
local band = bit.band

return 300000, function(n, xs, fs)
	local total = 0
	for i = 0, n - 1 do
		local x = i * 2654435761LL
		while x ~= 0 do
			x = band(x, x - 1)
			total = total + 1
		end
	end
	return total
end
