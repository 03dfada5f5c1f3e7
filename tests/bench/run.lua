-- run.lua FOLDER NAME: one kernel under Lua; prints its result and nanoseconds a call (median of 5).
function bits(x) return (string.unpack("<i8", string.pack("<d", x))) end

local n, kernel = dofile(arg[1] .. "/" .. arg[2] .. ".lua")
local xs, fs = {}, {}
for i = 0, 8191 do xs[i], fs[i] = 0, 0.0 end

local result = kernel(n, xs, fs)
local repeats = 1
local function measure()
	local start = os.clock()
	for _ = 1, repeats do kernel(n, xs, fs) end
	return (os.clock() - start) * 1e9 / repeats
end
while measure() * repeats < 4e6 do repeats = repeats * 2 end
local times = {}
for i = 1, 5 do times[i] = measure() end
table.sort(times)
print(string.format("%d\t%.1f", result, times[3]))
