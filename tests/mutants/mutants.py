"""Do the tests see?  One small bug at a time goes into a copy of the sources, and some test must fail.

    make mutants                      all of mutants.toml; exit status 0 when each is caught
    make mutants ONLY=lost-trap,…     some of them
    make mutants SHARD=2/3            every third
    tests/mutants/mutants.py --quick  no suites but those expected to catch each: while writing mutants

A worker has a copy of the project under build/mutants/, where make builds again what the edit touches.
For each mutant it runs the suites that the table expects to catch it and then, while it survives,
all others.  What caught a mutant is run without it, too: a suite that fails anyway is no proof.

Suites:  unit/ra@TARGET                 a C unit test
         cases/calls@TARGET             the programs of a folder, on all engines (cases@TARGET: of all folders)
         pytest/tests/cli/test_cli.py   a Python test file; pytest/FILE:EXPRESSION some of it (-k)
TARGET may have a variant: aarch64-linux+sanitized.
"""

import argparse
import collections
import filecmp
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COPIED = ("src", "toolchains", "scripts", "tests", "examples", "docs", "Makefile", "pytest.ini")
# Faster to build, and an unused variable is no catch.  In the environment, for tests call make, too.
CFLAGS = "-O1 -w"
HOST = "x86_64-linux"
EVERYTHING = (  # what a survivor has to survive, the quick ones first
    [f"unit/{name}@{HOST}" for name in
     "ops num mem diag cbuf code os wx lang interp interp_ops ir opt scev moves conv ra api invoke unwind asm_x64 "
     "asm_a64 gen_x64 gen_x64_calls gen_x64_memory gen_a64".split()]
    + [f"cases@{HOST}", f"cases@{HOST}+floor", "cases@aarch64-linux", "unit/gen_a64@aarch64-linux",
       "unit/gen_a64_calls@aarch64-linux", "unit/invoke@aarch64-linux", "unit/unwind@aarch64-linux",
       "unit/wx@aarch64-linux", "cases@aarch64-linux+sanitized", "cases@x86_64-windows",
       "unit/invoke@x86_64-windows", "unit/unwind@x86_64-windows", "unit/os@x86_64-windows",
       "unit/wx@x86_64-windows", "unit/gen_x64_calls@x86_64-windows",
       "pytest/tests/encoding", "pytest/tests/cli/test_cli.py", "pytest/tests/rig/test_rig.py"])


class MutantError(Exception):
    """The table or the machine is not as it should be; the message is for the user."""


# ---- The table -----------------------------------------------------------------------------------


def load(path=HERE / "mutants.toml"):
    rows = tomllib.loads(Path(path).read_text())["mutant"]
    for row in rows:
        missing = [k for k in ("id", "kind", "file", "old", "new", "by") if not row.get(k) and k != "new"]
        if missing or "new" not in row or not isinstance(row["by"], list):
            raise MutantError(f"{path}: {row.get('id', row)}: needs id, kind, file, old, new and by (a list)")
        if row["old"] == row["new"]:
            raise MutantError(f"{path}: {row['id']}: changes nothing")
    twice = [k for k, n in collections.Counter(row["id"] for row in rows).items() if n > 1]
    if twice:
        raise MutantError(f"{path}: there are two mutants '{twice[0]}'")
    return rows


def edited(row, root=ROOT):
    """The file's text with the bug in it."""
    path = Path(root, row["file"])
    try:
        text = path.read_text()
    except OSError as e:
        raise MutantError(f"{row['id']}: {row['file']}: {e.strerror}") from None
    found = text.count(row["old"])
    if found != 1:
        raise MutantError(f"{row['id']}: stale: its text stands {found} times in {row['file']}, not once:\n{row['old']}")
    return text.replace(row["old"], row["new"])


def choose(rows, only, shard):
    if only:
        names = only.split(",")
        unknown = [n for n in names if n not in {row["id"] for row in rows}]
        if unknown:
            raise MutantError(f"there is no mutant '{unknown[0]}'")
        rows = [row for row in rows if row["id"] in names]
    match = re.fullmatch(r"(\d+)/(\d+)", shard or "1/1")
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise MutantError(f"SHARD={shard}: expected I/N with 1 <= I <= N")
    return rows[int(match[1]) - 1::int(match[2])]


# ---- Copies --------------------------------------------------------------------------------------


def synchronise(copy, root=ROOT):
    """Makes the copy equal to the project, and leaves alone what already is: make goes by times."""
    wanted = set()
    for name in COPIED:
        top = root / name
        for path in [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file()):
            if "__pycache__" in path.parts:
                continue
            at = path.relative_to(root)
            wanted.add(at)
            if not (copy / at).exists() or not filecmp.cmp(path, copy / at, shallow=False):
                (copy / at).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy / at)
                shutil.copymode(path, copy / at)
    for name in COPIED:
        for path in (copy / name).rglob("*") if (copy / name).is_dir() else ():
            if path.is_file() and path.relative_to(copy) not in wanted and "__pycache__" not in path.parts:
                path.unlink()


# ---- A worker: one copy, one thing at a time -----------------------------------------------------


class Worker:
    """Runs in the copy, with the copy's rig."""

    def __init__(self, copy):
        self.copy = copy
        sys.path.insert(0, str(copy / "tests"))
        from rig import cases, process, stream, targets
        stream.MAX_RESTARTS = 1  # the first crash or hang is enough
        self.cases, self.process, self.stream, self.targets = cases, process, stream, targets
        self.every = targets.load_targets()

    def make(self, target, goal):
        """'' or what went wrong"""
        line = ["make", "--no-print-directory", "-s", f"TARGET={target.base}", goal]
        done = subprocess.run(line, cwd=self.copy, env=self.targets.make_environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        return done.stdout[-3000:] or f"make: {done.returncode}" if done.returncode else ""

    def suite(self, name):
        """(verdict, detail): passed, failed, skipped or unbuilt."""
        if name.startswith("pytest/"):
            return self.pytest(name[len("pytest/"):])
        what, _, target_name = name.partition("@")
        target = self.every.get(target_name)
        if not target:
            raise MutantError(f"suite '{name}': there is no target '{target_name}'")
        if target.missing():
            return "skipped", target.missing()
        if target.runner == "wine":
            self.process.run(target, ["scripts/wine", "--warm"], total=200)
        if what.startswith("unit/"):
            return self.unit(target, what[len("unit/"):])
        return self.programs(target, what[len("cases/"):] if "/" in what else "")

    def unit(self, target, name):
        if not (self.copy / "tests" / "unit" / f"{name}.c").exists():
            raise MutantError(f"there is no unit test '{name}'")
        program = f"{target.build}/unit/{name}{target.suffix}"
        problem = self.make(target, program)
        if problem:
            return "unbuilt", problem
        ended = self.process.run(target, target.command(program), total=30)
        if ended.status == 77:
            return "skipped", "77"
        out = (ended.out + ended.err).decode("utf-8", "replace").strip().splitlines()
        failed = [line for line in out if "fail" in line.lower() or "assert" in line.lower()] or out[-1:]
        return ("failed", f"{ended.how}: {''.join(failed[:1])}") if ended.how else ("passed", "")

    def programs(self, target, folder):
        problem = self.make(target, "all")
        if problem:
            return "unbuilt", problem
        paths = sorted((self.copy / "tests" / "cases" / folder).rglob("*.tv"))
        if not paths:
            raise MutantError(f"there is no case in tests/cases/{folder}")
        names = [p.relative_to(self.copy).as_posix() for p in paths]
        programs = list(zip(names, [p.read_bytes() for p in paths]))
        done = {}
        for engine in ("baseline", "optimized", "interp"):
            batch = self.stream.run_batch(target, engine, programs, silent=5)
            done[engine] = batch
            for name, text in programs:
                runs = {(target.name, e): b.runs[name] for e, b in done.items()}
                table = self.cases.Table(name, text, runs, self.every)
                report = table.judge((target.name, engine), closely=False)
                if report:
                    return "failed", f"{engine}: " + " ".join(report.split("\n")[:2])
        return "passed", ""

    def pytest(self, name):
        file, _, expression = name.partition(":")
        if not (self.copy / file).exists():
            raise MutantError(f"there is no test '{file}'")
        for target in ("x86_64-linux", "aarch64-linux"):
            problem = self.make(self.every[target], "all")
            if problem:
                return "unbuilt", problem
        line = [sys.executable, "-m", "pytest", "-q", "-x", "--no-build", "--targets=host", "-p", "no:cacheprovider",
                file, *(["-k", expression] if expression else [])]
        done = subprocess.run(line, cwd=self.copy, env=self.targets.make_environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        if done.returncode in (0, 1):
            said = [x for x in done.stdout.splitlines() if x.startswith(("FAILED", "ERROR"))]
            return ("failed", "".join(said[:1])) if done.returncode else ("passed", "")
        return "failed", f"pytest: exit status {done.returncode}: {done.stdout[-300:]}"

    def mutant(self, row):
        """{caught: suite or '', detail, tried}"""
        path = self.copy / row["file"]
        before, times = path.read_bytes(), path.stat()
        path.write_text(edited(row, self.copy))
        tried, answer = [], {"caught": "", "detail": ""}
        try:
            for suite in row["by"] + [s for s in EVERYTHING if s not in row["by"] and not row.get("quick")]:
                verdict, detail = self.suite(suite)
                tried.append(suite)
                if verdict == "unbuilt":
                    raise MutantError(f"{row['id']}: does not build: {detail}")
                if verdict == "failed":
                    answer = {"caught": suite, "detail": detail[:300]}
                    break
        finally:
            path.write_bytes(before)
            if path.suffix == ".py":
                os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        return {**answer, "tried": len(tried)}


def work(copy):
    """The worker's process: a line of JSON in, a line of JSON out."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.chdir(copy)
    worker = Worker(Path(copy))
    for line in sys.stdin:
        job = json.loads(line)
        start = time.monotonic()
        try:
            if "suite" in job:
                verdict, detail = worker.suite(job["suite"])
                answer = {"verdict": verdict, "detail": detail}
            else:
                answer = worker.mutant(job)
        except MutantError as e:
            answer = {"error": str(e)}
        answer["seconds"] = time.monotonic() - start
        print(json.dumps(answer), file=answers, flush=True)


# ---- The run -------------------------------------------------------------------------------------


class Run:
    def __init__(self, jobs):
        self.folder = ROOT / "build" / "mutants"
        self.copies = [self.folder / str(i + 1) for i in range(jobs)]
        self.queue, self.lock = queue.Queue(), threading.Lock()
        self.children, self.results, self.stopped = [], [], False
        self.clean = {}  # suite -> '' or why it fails without any mutant

    def start(self):
        """Copies, built: the first by make, the others as copies of it."""
        first = self.copies[0]
        synchronise(first)
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TARGET")}
        environment["CFLAGS"] = CFLAGS
        line = ["make", "-s", "--no-print-directory", f"-j{os.cpu_count() or 1}", "all-targets", "all-unit"]
        done = subprocess.run(line, cwd=first, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise MutantError(f"without a mutant, make failed:\n{done.stdout[-3000:]}")
        for copy in self.copies[1:]:
            shutil.rmtree(copy, ignore_errors=True)
            subprocess.run(["cp", "-a", first, copy], check=True)
        environment["TRIVET_WINEPREFIX"] = os.environ.get("TRIVET_WINEPREFIX", str(ROOT / "build" / "wine"))
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        for copy in self.copies:
            self.children.append(subprocess.Popen(
                [sys.executable, __file__, f"--work={copy}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env=environment, text=True, start_new_session=True))

    def ask(self, child, job):
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise MutantError(f"the worker ended with {child.wait()} at {job.get('id', job)}")
        return json.loads(line)

    def serve(self, child):
        while not self.stopped:
            try:
                job = self.queue.get_nowait()
            except queue.Empty:
                return
            try:
                answer = self.ask(child, job)
                if "suite" not in job and answer.get("caught"):
                    self.prove_clean(child, answer["caught"])
            except (MutantError, OSError, ValueError) as e:
                answer = {"error": str(e), "seconds": 0}
            with self.lock:
                self.note(job, answer)

    def prove_clean(self, child, suite):
        """Not caught by a suite that always fails.  The copy is clean again, so this builds that."""
        with self.lock:
            if suite in self.clean:
                return
            self.clean[suite] = ""
        answer = self.ask(child, {"suite": suite})
        if answer.get("error") or answer["verdict"] != "passed":
            with self.lock:
                self.clean[suite] = answer.get("error") or f"{answer['verdict']} {answer['detail']}"
                print(f"WITHOUT a mutant {suite}: {self.clean[suite]}", flush=True)

    def note(self, job, answer):
        self.results.append((job, answer))
        how = ("ERROR " + answer["error"] if answer.get("error") else
               f"caught by {answer['caught']}" if answer["caught"] else
               "SURVIVED " + (" ".join(job["by"]) if job.get("quick") else "everything"))
        print(f"{len(self.results):3}  {job['id']:28} {job['kind'][:44]:44} {answer['seconds']:5.1f} s  {how}", flush=True)
        if answer.get("caught") and answer["caught"] not in job["by"]:
            print(f"     expected {' or '.join(job['by'])} to catch it, not: {answer['detail']}", flush=True)

    def run(self, rows):
        for row in sorted(rows, key=lambda row: row["file"]):
            self.queue.put(row)
        threads = [threading.Thread(target=self.serve, args=(child,)) for child in self.children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self):
        self.stopped = True
        for child in self.children:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def summary(results, asked, clean, seconds):
    """Prints it; True when every mutant was caught by a suite that passes without it."""
    caught = [a for _, a in results if a.get("caught") and not clean.get(a["caught"])]
    missed = [job["id"] for job, a in results if not a.get("error") and not a["caught"]]
    broken = [job["id"] for job, a in results if a.get("error") or clean.get(a.get("caught"))]
    print()
    for suite, n in collections.Counter(a["caught"] for a in caught).most_common():
        print(f"{n:5}  {suite}")
    if missed:
        print("survived: " + " ".join(missed))
    if broken:
        print("not decided: " + " ".join(broken))
    if len(results) < asked:
        print(f"not run: {asked - len(results)}")
    print(f"mutants: {len(caught)} of {asked} caught, {100 * len(caught) / max(1, asked):.0f} %, "
          f"in {seconds / 60:.1f} minutes")
    return asked > 0 and len(caught) == asked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--shard", default="")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--quick", action="store_true", help="only the suites expected to catch each")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return 0
    start = time.monotonic()
    run = None
    try:
        rows = load()
        for row in rows:
            edited(row)
        rows = [{**row, "quick": options.quick} for row in choose(rows, options.only, options.shard)]
        if options.list:
            print("\n".join(f"{row['id']:28} {row['kind']}" for row in rows))
            return 0
        run = Run(max(1, min(options.jobs, len(rows))))
        run.start()
        print(f"{len(rows)} mutants, copies built in {time.monotonic() - start:.0f} s", flush=True)
        run.run(rows)
        return 0 if summary(run.results, len(rows), run.clean, time.monotonic() - start) else 1
    except MutantError as e:
        print(f"mutants: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if run:
            summary(run.results, len(rows), run.clean, time.monotonic() - start)
        return 130
    finally:
        if run:
            run.stop()


if __name__ == "__main__":
    sys.exit(main())
