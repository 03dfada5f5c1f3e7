local bit = require("bit")

return 500000, function(n, xs, fs)
	local x, low = 12345ULL, 0ULL
	for i = 1, n do
		x = x * 6364136223846793005ULL + 1442695040888963407ULL
		low = bit.bxor(low, bit.rshift(x, 33))
	end
	return low
end
