return 200000, function(n, xs, fs)
	for i = 0, 1023 do xs[i] = 0 end
	local x, floor, most = 1, math.floor, 0
	for i = 1, n do
		x = (x * 1664525 + 1013904223) % 4294967296
		local at = floor(x / 4194304)
		xs[at] = xs[at] + 1
	end
	for i = 0, 1023 do
		if xs[i] > most then most = xs[i] end
	end
	return most
end
