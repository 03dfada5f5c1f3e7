#!/usr/bin/env python3
"""bench.py PROGRAM KERNELS [FILTER] - the table of `make bench`.

PROGRAM is the built tests/bench/bench.c.  Everything is a ratio within this one run; the times are
there to see what the ratios are of.  Lua is run beside when it is installed, and named when not.
"""
import math
import shutil
import subprocess
import sys


SOLVED = 0.05  # of gcc's time: no loop is left


def lua_times(folder, name, expected):
    lua = shutil.which("lua5.4")
    if not lua:
        return None
    script = folder.rsplit("/", 1)[0] + "/run.lua"
    done = subprocess.run([lua, script, folder, name], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench: {name} failed under Lua: {done.stderr.strip()}")
    result, ns = done.stdout.split()
    if result != expected:
        sys.exit(f"bench: {name} gives {result} under Lua, {expected} elsewhere")
    return float(ns)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def time_text(ns):
    for unit, scale in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if ns < 1000 * scale or unit == "ms":
            return f"{ns / scale:.3g} {unit}"


def main():
    program, folder = sys.argv[1:3]
    head = ("kernel", "gcc -O2", "-O0", "baseline", "(/-O0)", "optimized", "interp/lua",
            "text to code: base", "opt", "code")
    row = "{:<14} {:>9} {:>6} {:>9} {:>7} {:>10} {:>11} {:>19} {:>9} {:>7}"
    print("Run time as a ratio to gcc -O2 (1.00), lower is better; compile times are from text to"
          " sealed code.")
    print(row.format(*head))
    ratios, compiles, against_lua, solved = [], [], [], []
    process = subprocess.Popen([program, folder, *sys.argv[3:4]], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        name, result, *numbers = line.split("\t")
        o0, o2, base, opt, interp, text_base, text_opt, _, size = map(float, numbers)
        lua = lua_times(folder, name, result)
        if lua:
            against_lua.append(interp / lua)
        ratios.append((o0 / o2, base / o2, base / o0, opt / o2))
        if opt / o2 < SOLVED:
            solved.append(name)
        compiles.append((text_base, text_opt))
        print(row.format(name, time_text(o2), f"{o0 / o2:.2f}", f"{base / o2:.2f}",
                         f"{base / o0:.2f}", f"{opt / o2:.2f}",
                         f"{interp / lua:.2f}" if lua else "no lua5.4", time_text(text_base),
                         time_text(text_opt), f"{size:.0f} B"), flush=True)
    if process.wait() or not ratios:
        sys.exit("bench: the measuring program failed")
    means = [geometric_mean(column) for column in zip(*ratios)]
    means[3] = geometric_mean([r[3] for r in ratios if r[3] >= SOLVED] or [1])
    print(row.format("geometric mean", "1.00", f"{means[0]:.2f}", f"{means[1]:.2f}",
                     f"{means[2]:.2f}", f"{means[3]:.2f}",
                     f"{geometric_mean(against_lua):.2f}" if against_lua else "-",
                     time_text(geometric_mean([c[0] for c in compiles])),
                     time_text(geometric_mean([c[1] for c in compiles])), ""))
    if solved:
        print("Not in the mean of `optimized`, because the loop was replaced by its result:", *solved)
    if not against_lua:
        print("Lua was not measured: lua5.4 is not installed (Debian: apt-get install lua5.4).")


if __name__ == "__main__":
    main()
