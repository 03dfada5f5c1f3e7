local function power(base, exponent, modulus)
	local result = 1
	base = base % modulus
	while exponent ~= 0 do
		if exponent & 1 ~= 0 then result = result * base % modulus end
		base = base * base % modulus
		exponent = exponent >> 1
	end
	return result
end

return 2000, function(n, xs, fs)
	local total = 0
	for i = 0, n - 1 do total = total + power(i + 2, 1000003, 1000000007) end
	return total
end
