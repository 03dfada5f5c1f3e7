local bit = require("bit")

local function power(base, exponent, modulus)
	local result = 1ULL
	base = base % modulus
	while exponent ~= 0 do
		if bit.band(exponent, 1) ~= 0 then result = result * base % modulus end
		base = base * base % modulus
		exponent = bit.rshift(exponent, 1)
	end
	return result
end

return 2000, function(n, xs, fs)
	local total = 0ULL
	for i = 0, n - 1 do total = total + power(i + 2ULL, 1000003, 1000000007ULL) end
	return total
end
