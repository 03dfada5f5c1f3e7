return 100000, function(n, xs, fs)
	for i = 0, 255 do
		local c = i
		for bit = 1, 8 do
			if c & 1 ~= 0 then c = c >> 1 ~ 0xedb88320 else c = c >> 1 end
		end
		xs[i] = c
	end
	local crc = 0xffffffff
	for i = 0, n - 1 do
		crc = xs[(crc ~ (i * 7 & 255)) & 255] ~ crc >> 8
	end
	return crc ~ 0xffffffff
end
