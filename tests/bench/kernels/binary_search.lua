local floor = math.floor

local function find(sorted, n, what)
	local low, high = 0, n
	while low < high do
		local middle = low + floor((high - low) / 2)
		if sorted[middle] < what then low = middle + 1 else high = middle end
	end
	return low
end

return 2500, function(n, xs, fs)
	for i = 0, n - 1 do xs[i] = i * 3 end
	local total = 0
	for i = 0, n * 3 - 1 do total = total + find(xs, n, i * 7919 % (n * 3)) end
	return total
end
