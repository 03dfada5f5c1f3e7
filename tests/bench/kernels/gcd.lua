return 400, function(n, xs, fs)
	local total = 0
	for i = 1, n - 1 do
		for j = 1, n - 1 do
			local a, b = i, j
			while b ~= 0 do a, b = b, a % b end
			total = total + a
		end
	end
	return total
end
