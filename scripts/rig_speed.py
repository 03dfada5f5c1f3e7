#!/usr/bin/env python3
"""How fast the rig is:  scripts/rig_speed.py [CASES]

Makes so many small programs, no two alike, each with one expectation, and runs them on every target that can run
here and every engine, one process for each of these, as many at a time as there are cores.  Prints cases per
second.  Exit status: 0 all as expected, 1 not so, 2 usage.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from rig import stream, targets  # noqa: E402

OPERATIONS = (("+", lambda a, b: a + b), ("-", lambda a, b: a - b), ("*", lambda a, b: a * b),
              ("^", lambda a, b: a ^ b), ("&", lambda a, b: a & b), ("|", lambda a, b: a | b))


def program(k):
    """(name, text): a loop over two operations with constants of its own."""
    (first, f), (second, g) = OPERATIONS[k % 6], OPERATIONS[k // 6 % 6]
    add, rounds, value = k * 7919 % 10007 + 1, k % 5 + 2, k
    for i in range(rounds):
        value = g(f(value, add), i)
    value = (value + 2**63) % 2**64 - 2**63
    return f"speed/{k}.tv", (
        f"fn f(x: i64) -> i64 {{\n\tlet v: i64 = x;\n\tfor i in 0..{rounds} {{\n"
        f"\t\tv = (v {first} {add}) {second} i;\n\t}}\n\treturn v;\n}}\n//! f({k}) == ({value})\n").encode()


def main():
    if len(sys.argv) > 2 or len(sys.argv) == 2 and not sys.argv[1].isdigit():
        print(__doc__.split("\n\n")[0], file=sys.stderr)
        return 2
    programs = [program(k) for k in range(int(sys.argv[1]) if len(sys.argv) == 2 else 10000)]
    chosen = targets.choose_targets(targets.load_targets(), "all")
    for target in chosen:
        if target.missing():
            print(f"skipped: {target.missing()}")
    jobs = [(t, e) for t in chosen if not t.missing() for e in stream.ENGINES]
    for target in {t.name: t for t, _ in jobs}.values():
        problem = targets.wrong_machine(target, targets.ROOT / target.trivet) or targets.warm(target)
        if problem:
            print(problem, file=sys.stderr)
            return 1

    def run(job):
        start = time.monotonic()
        return stream.run_batch(*job, programs), time.monotonic() - start

    start = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = list(pool.map(run, jobs))
    whole = time.monotonic() - start
    wrong = 0
    for (target, engine), (batch, seconds) in zip(jobs, done):
        good = sum(run.done and not run.error and [r.verdict for r in run.results] == ["ok"]
                   for run in batch.runs.values())
        wrong += len(programs) - good
        print(f"{target.name:16} {engine:10} {good:6} of {len(programs)} cases in {seconds:5.1f} s: "
              f"{len(programs) / seconds:7.0f} per second" + (f"  {batch.fault}" if batch.fault else ""))
    print(f"{len(programs)} cases × {len(jobs)} targets and engines in {whole:.1f} s on {os.cpu_count()} cores: "
          f"{len(programs) * len(jobs) / whole:.0f} per second")
    return 1 if wrong or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
