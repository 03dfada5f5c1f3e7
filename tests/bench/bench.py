#!/usr/bin/env python3
"""bench.py [--docs] PROGRAM KERNELS [FILTER] - the tables of `make bench`.

PROGRAM is the built tests/bench/bench.c.  Everything is a ratio within this one run; the times are
there to see what the ratios are of.  Lua and LuaJIT are run beside when they are installed, libtcc and clang
when the program was built with them; what was missing is named.  All figures go to build/bench/bench.csv,
too; with --docs the table and the charts of docs/performance.md are written anew.
"""
import csv
import math
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import chart

SOLVED = 0.05  # of gcc -O2's time: no loop is left
ROOT = Path(__file__).resolve().parents[2]
OURS = ("baseline", "optimized")
PEERS = ("gcc_O0", "gcc_O3", "clang_O2", "clang_O3", "tcc", "luajit")
PACKAGES = {"clang_O2": "clang", "tcc": "libtcc-dev", "luajit": "luajit", "lua": "lua5.4"}


class Figures:
    """Every record of the run: (kind, key, …) -> number."""

    def __init__(self):
        self.rows = {}

    def add(self, *fields):
        *key, number = fields
        self.rows[tuple(key)] = float(number)

    def get(self, *key):
        return self.rows.get(key)

    def keys(self, kind):
        return [key[1:] for key in self.rows if key[0] == kind]

    def kernels(self):
        return list(dict.fromkeys(kernel for kernel, column in self.keys("run")))

    def ratio(self, kernel, column, kind="run", to="gcc_O2"):
        mine, base = self.get(kind, kernel, column), self.get(kind, kernel, to)
        return mine / base if mine is not None and base else None

    def unsolved(self, kind="run"):
        return [k for k in self.kernels() if (self.ratio(k, "optimized", kind) or 1) >= SOLVED]


def mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def median(values):
    values = sorted(v for v in values if v is not None)
    return values[len(values) // 2] if values else None


def time_text(ns):
    if ns is None:
        return "-"
    for unit, scale in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if ns < 1000 * scale or unit == "ms":
            return f"{ns / scale:.3g} {unit}"


def ratio_text(x):
    return "-" if x is None else f"{x:.2f}" if x >= 0.005 else "0.00"


def print_table(title, head, rows):
    print(f"\n{title}")
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    for row in [head, *rows]:
        print("  ".join(str(cell).ljust(w) if i == 0 else str(cell).rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths))).rstrip())
    sys.stdout.flush()


# ---- Running ----------------------------------------------------------------------------------


def weigh(figures, program):
    """What a program that parses, compiles and calls has in memory, by binutils' size."""
    if program.exists() and shutil.which("size"):
        lines = subprocess.run(["size", program], capture_output=True, text=True, check=True).stdout.splitlines()
        figures.add("library", float(lines[1].split()[3]))


def take(figures, line):
    kind, *fields = line.rstrip("\n").split("\t")
    figures.add(kind, *fields)


def run_lua(figures, program, column, folder, kernel):
    script = Path(__file__).with_name("run.lua")
    done = subprocess.run([program, script, folder, kernel], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench: {kernel} failed under {program}: {done.stderr.strip()}")
    result, ns, text = done.stdout.split()
    if float(result) != figures.get("result", kernel):
        sys.exit(f"bench: {kernel} gives {result} under {program}, another number elsewhere")
    figures.add("run", kernel, column, ns)
    figures.add("text", kernel, column, text)


def compile_with_gcc(figures, folder, kernel):
    """Processor time of the whole compiler process: reading, compiling, assembling."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["gcc", "-O2", "-DKERNEL_NAME=k", "-c", "-o", os.devnull, f"{folder}/{kernel}.c"],
                       check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    figures.add("text", kernel, "gcc_O2", sorted(times)[1] * 1e9)


def run_native(figures, program, folder, kernels):
    process = subprocess.Popen([program, folder, kernels], stdout=subprocess.PIPE, text=True)
    last = None
    for line in process.stdout:
        take(figures, line)
        kernel = line.split("\t")[1]
        if line.startswith("size") and line.split("\t")[2] == "optimized" and kernel != last:
            last = kernel
            for name, column in (("lua5.4", "lua"), ("luajit", "luajit")):
                if shutil.which(name):
                    run_lua(figures, name, column, folder, kernel)
            compile_with_gcc(figures, folder, kernel)
            print(f"  {kernel}: {ratio_text(figures.ratio(kernel, 'optimized'))}", file=sys.stderr)
    if process.wait():
        sys.exit("bench: the measuring program failed")


def run_aarch64(folder):
    """Times and instruction counts of the same kernels under QEMU; None and why not, if not."""
    if not shutil.which("qemu-aarch64") or not shutil.which("aarch64-linux-gnu-gcc"):
        return None, "needs qemu-user and gcc-aarch64-linux-gnu"
    made = subprocess.run(["make", "-s", "-C", ROOT, "TARGET=aarch64-linux", "bench-program"])
    if made.returncode:
        return None, "the program was not built"
    program = ROOT / "build/aarch64-linux/bench/bench"
    figures = Figures()
    done = subprocess.run(["qemu-aarch64", program, folder, ""], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        take(figures, line)
    done = subprocess.run([ROOT / "tests/rig/tcg/count.sh", program, "--marked", folder],
                          capture_output=True, text=True)
    if done.returncode:
        return figures, done.stderr.strip()
    names = [line.split("\t")[1:] for line in done.stderr.splitlines() if line.startswith("marked")]
    counts = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("counted")]
    for (kernel, column), count in zip(names, counts, strict=True):
        figures.add("count", kernel, column, count)
    return figures, None


# ---- Tables -----------------------------------------------------------------------------------


def run_rows(figures):
    columns = [c for c in PEERS if any(key[1] == c for key in figures.keys("run"))]
    head = ["kernel", "gcc -O2", *(c.replace("_", " -") for c in columns), *OURS, "interp/lua"]
    rows = []
    for kernel in figures.kernels():
        interp, lua = figures.get("run", kernel, "interp"), figures.get("run", kernel, "lua")
        rows.append([kernel, time_text(figures.get("run", kernel, "gcc_O2")),
                     *(ratio_text(figures.ratio(kernel, c)) for c in (*columns, *OURS)),
                     ratio_text(interp / lua if lua else None)])
    unsolved = figures.unsolved()
    means = [mean([figures.ratio(k, c) for k in unsolved]) for c in (*columns, *OURS)]
    lua = mean([figures.get("run", k, "interp") / figures.get("run", k, "lua")
                for k in unsolved if figures.get("run", k, "lua")])
    rows.append(["geometric mean", "1.00", *map(ratio_text, means), ratio_text(lua)])
    return head, rows


def compile_rows(figures):
    rows = []
    for column in ("baseline", "optimized", "interp", "tcc", "luajit", "gcc_O2"):
        times = [figures.get("text", k, column) for k in figures.kernels()]
        each = median([figures.get("each", k, column) for k in figures.kernels()])
        if not any(times):
            continue
        phases = list(dict.fromkeys(p for _, _, p in figures.keys("phase")))
        rows.append([column.replace("_", " -"), time_text(median(times)), time_text(max(t for t in times if t)), time_text(each),
                     *(time_text(median([figures.get("phase", k, column, p) for k in figures.kernels()]))
                       for p in phases)])
    return ["", "median", "largest", "a function of 20", *phases], rows


def size_rows(figures):
    return ["", "code, median", "memory, median"], [
        [c, *(f"{median([figures.get(kind, k, c) for k in figures.kernels()]):.0f} B" for kind in ("size", "memory"))]
        for c in OURS]


def solved_patterns(figures):
    """({pattern that takes under a microsecond: nanoseconds}, all of them)"""
    keys = [key[1:] for key in figures.rows if key[0] == "solved"]
    full = {"i64": str(1 << 40), "i32": str((1 << 31) - 2)}
    return {k: figures.get("solved", *k) for k in keys
            if k[2] == full[k[1]] and figures.get("solved", *k) < 1000}, keys


def goal_rows(figures, aarch64):
    """What is aimed at, and whether this run is there."""
    good, patterns = solved_patterns(figures)
    call = figures.get("steps", "optimized")

    def average(column, figures=figures, kind="run"):
        return mean([figures.ratio(k, column, kind) for k in figures.unsolved()])

    def each(column):
        return median([figures.get("each", k, column) for k in figures.kernels()])

    rows = [
        ("run time, optimized, geometric mean, gcc -O2 = 1", average("optimized"), 0.90, ratio_text),
        ("the slowest of these kernels", max(figures.ratio(k, "optimized") for k in figures.unsolved()), 1.40, ratio_text),
        ("run time, baseline, geometric mean", average("baseline"), 1.60, ratio_text),
        (f"of {len(patterns)} loop patterns, not solved, or not in a microsecond", len(patterns) - len(good), 0, str),
        ("a hundred million steps of an induction loop, solved", call, 10, time_text),
        ("the interpreter's time for them, in such calls, at least", figures.get("steps", "interp") / call, 1e6,
         "{:,.0f}".format),
        ("text to sealed code, optimized, a function of 20", each("optimized"), 30000, time_text),
        ("the same, baseline", each("baseline"), 8000, time_text),
        ("45,000 operations, optimized", figures.get("large", "optimized", "45000"), 60e6, time_text),
        ("twice as many: times as long",
         figures.get("large", "optimized", "90000") / figures.get("large", "optimized", "45000"), 2.2, ratio_text),
        ("library, in bytes of memory", figures.get("library"), 400000, "{:,.0f}".format),
    ]
    if aarch64:
        rows += [(f"AArch64 under QEMU, gcc -O2 = 1, {words}", average("optimized", aarch64, kind), 1.05, ratio_text)
                 for words, kind in (("instructions", "count"), ("time", "run"))]
    return ["", "now", "goal", ""], [
        [words, text(now), text(goal), "met" if (now >= goal if "at least" in words else now <= goal) else "missed"]
        for words, now, goal, text in rows if now is not None]


def print_all(figures, aarch64, why):
    print_table("Run time as a ratio to gcc -O2 (1.00); lower is better.  All of Trivet's checks are on.",
                *run_rows(figures))
    solved = [k for k in figures.kernels() if k not in figures.unsolved()]
    if solved:
        print("Not in the means, because `optimized` replaced the loop by its result:", *solved)
    for column, package in PACKAGES.items():
        if not any(key[1] == column for key in figures.keys("run")):
            print(f"{column} was not measured: not installed (Debian: apt-get install {package}).")
    print_table("From text to code that can be called, a kernel of about 15 lines (luajit: load and the first call's "
                "surplus; gcc: the process).\n'A function of 20': the same text 20 times over in one program, divided by its "
                "functions.", *compile_rows(figures))
    print_table("Machine code and the most memory while compiling", *size_rows(figures))
    large = figures.keys("large")
    if large:
        print_table("One long function", ["", "45,000 operations", "90,000", "growth"],
                    [[mode, *(time_text(figures.get("large", mode, n)) for n in ("45000", "90000")),
                      ratio_text(figures.get("large", mode, "90000") / figures.get("large", mode, "45000"))]
                     for mode in OURS])
        print_solved(figures)
    if aarch64:
        print_table("AArch64 under QEMU, as a ratio to aarch64 gcc -O2: instructions executed, then time",
                    *aarch64_rows(aarch64))
    if why:
        print(f"\nAArch64: {why}.")
    if large:
        print_table("What is aimed at, and whether this run is there", *goal_rows(figures, aarch64))


def print_solved(figures):
    good, keys = solved_patterns(figures)
    print(f"\nSolved loops: {len(good)} of {len(keys)} patterns (2^40 steps of i64, 2^31 - 2 of i32) take under 1 us a call; "
          f"the slowest {time_text(max(good.values()))}, median {time_text(median(good.values()))}.")
    for name, width, steps in (k for k in keys if k not in good):
        print(f"  not solved: {name} ({width})")
    interp, call = figures.get("steps", "interp"), figures.get("steps", "optimized")
    print(f"A hundred million steps of `sum += i; i += 1`: interpreter {time_text(interp)}, compiled call "
          f"{time_text(call)}: {interp / call:,.0f} x.")


def aarch64_rows(figures):
    rows = []
    for kernel in figures.kernels():
        rows.append([kernel, *(ratio_text(figures.ratio(kernel, c, kind))
                               for kind in ("count", "run") for c in OURS)])
    rows.append(["geometric mean", *(ratio_text(mean([figures.ratio(k, c, kind) for k in figures.unsolved()]))
                                     for kind in ("count", "run") for c in OURS)])
    return ["kernel", "baseline, instructions", "optimized, instructions", "baseline, time", "optimized, time"], rows


def write_csv(path, figures, aarch64):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["machine", "figure", "of", "by", "detail", "number"])
        for machine, part in (("native", figures), ("aarch64", aarch64)):
            for key, number in (part.rows if part else {}).items():
                out.writerow([machine, *(list(key) + ["", "", ""])[:4], f"{number:.10g}"])


def main():
    arguments = sys.argv[1:]
    docs = "--docs" in arguments
    program, folder, *rest = [a for a in arguments if a != "--docs"]
    kernels = rest[0] if rest else ""
    if docs and kernels:
        sys.exit("bench: the documentation shows all kernels; leave KERNEL out")
    figures = Figures()
    run_native(figures, program, folder, kernels)
    if not figures.kernels():
        sys.exit(f"bench: no kernel's name contains '{kernels}'")
    aarch64 = why = None
    if not kernels:
        run_native(figures, program, folder, "-")
        weigh(figures, Path(program).parents[1] / "embed/add")
        aarch64, why = run_aarch64(folder)
    print_all(figures, aarch64, why)
    write_csv(ROOT / "build/bench/bench.csv", figures, aarch64)
    print("\nAll figures: build/bench/bench.csv")
    if docs:
        chart.write_docs(ROOT / "docs", figures, aarch64)


if __name__ == "__main__":
    main()
