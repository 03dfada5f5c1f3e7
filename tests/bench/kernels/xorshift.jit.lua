local bit = require("bit")
local bxor, lshift, rshift = bit.bxor, bit.lshift, bit.rshift

return 1000000, function(n, xs, fs)
	local x, acc = 88172645463325252ULL, 0LL
	for i = 1, n do
		x = bxor(x, lshift(x, 13))
		x = bxor(x, rshift(x, 7))
		x = bxor(x, lshift(x, 17))
		acc = acc + x
	end
	return acc + 0LL
end
