-- run.lua FOLDER NAME: one kernel under Lua 5.4 or LuaJIT; prints its result, nanoseconds a call (median
-- of 5), and nanoseconds from text to a function that runs as fast as it will (the first call's surplus included).
local ok, ffi = pcall(require, "ffi")
if ok then
	local pun = ffi.new("union { double x; int64_t bits; }")
	function bits(x)
		pun.x = x
		return pun.bits
	end
else
	function bits(x) return (string.unpack("<i8", string.pack("<d", x))) end
end

-- A kernel that needs whole numbers of 64 bits, or bits of them, is written once more for LuaJIT.
local path = arg[1] .. "/" .. arg[2] .. ".lua"
local other = ok and io.open(arg[1] .. "/" .. arg[2] .. ".jit.lua")
if other then path = arg[1] .. "/" .. arg[2] .. ".jit.lua" end

local started = os.clock()
local n, kernel = dofile(path)
local loaded = os.clock() - started
local xs, fs = {}, {}
for i = 0, 8191 do xs[i], fs[i] = 0, 0.0 end

started = os.clock()
local result = kernel(n, xs, fs)
local first = os.clock() - started
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
local text = ok and tostring(ffi.cast("int64_t", result)):gsub("LL$", "") or string.format("%d", result)
print(string.format("%s\t%.1f\t%.0f", text, times[3], math.max(0, loaded * 1e9 + first * 1e9 - times[3])))
