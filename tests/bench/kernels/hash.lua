return 2000, function(n, xs, fs)
	for i = 0, n - 1 do xs[i] = i * 2654435761 end
	local h = -3750763034362895579
	for round = 1, 10 do
		for i = 0, n - 1 do
			local x = xs[i]
			for byte = 1, 8 do
				h = (h ~ (x & 255)) * 0x100000001b3
				x = x >> 8
			end
		end
	end
	return h
end
