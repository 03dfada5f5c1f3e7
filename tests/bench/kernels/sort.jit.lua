local bit = require("bit")

return 1000, function(n, xs, fs)
	local seed = 42LL
	for i = 0, n - 1 do
		seed = bit.band(seed * 1103515245 + 12345, 0x7fffffff)
		xs[i] = tonumber(seed)
	end
	for i = 1, n - 1 do
		local x, j = xs[i], i - 1
		while j >= 0 and xs[j] > x do
			xs[j + 1] = xs[j]
			j = j - 1
		end
		xs[j + 1] = x
	end
	return xs[0] + xs[math.floor(n / 2)] * 3 + xs[n - 1] * 5
end
