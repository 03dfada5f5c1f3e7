local function cell(i, j)
	return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1)
end

local function multiply(n, from, to, transposed)
	for i = 0, n - 1 do
		local sum = 0.0
		for j = 0, n - 1 do
			sum = sum + (transposed and cell(j, i) or cell(i, j)) * from[j]
		end
		to[i] = sum
	end
end

return 60, function(n, xs, fs)
	local u, v, w = {}, {}, {}
	for i = 0, n - 1 do u[i], v[i], w[i] = 1.0, 0.0, 0.0 end
	for round = 1, 5 do
		multiply(n, u, w, false)
		multiply(n, w, v, true)
		multiply(n, v, w, false)
		multiply(n, w, u, true)
	end
	local uv, vv = 0.0, 0.0
	for i = 0, n - 1 do
		uv = uv + u[i] * v[i]
		vv = vv + v[i] * v[i]
	end
	return bits(math.sqrt(uv / vv))
end
