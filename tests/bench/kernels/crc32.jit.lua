local bit = require("bit")
local band, bxor, rshift = bit.band, bit.bxor, bit.rshift

return 100000, function(n, xs, fs)
	for i = 0, 255 do
		local c = i
		for _ = 1, 8 do
			if band(c, 1) ~= 0 then c = bxor(rshift(c, 1), 0xedb88320) else c = rshift(c, 1) end
		end
		xs[i] = c
	end
	local crc = bit.tobit(0xffffffff)
	for i = 0, n - 1 do
		crc = bxor(xs[band(bxor(crc, band(i * 7, 255)), 255)], rshift(crc, 8))
	end
	return bxor(crc, 0xffffffff) % 2 ^ 32
end
