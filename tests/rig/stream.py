"""Many programs through one process: `trivet check --stream`, and what it answers.

    input    //! program NAME            then the program's text; the next such line, or the end, ends it
    output   trivet-stream 1 TARGET pagesize=N features=LIST build=ID
             NAME:LINE<TAB>ENGINE<TAB>CALL<TAB>RESULT<TAB>VERDICT      a directive; VERDICT: ok, FAIL …, or -
             NAME<TAB>error<TAB>TEXT                                  the program does not compile
             NAME<TAB>done<TAB>PASSED<TAB>FAILED
             bye PROGRAMS RESULTS

Every line is flushed, so a crash or a hang shows which program was running.  That program is marked,
and a new process goes on behind it: what did not run never counts as passed.
"""

import dataclasses
import re
from pathlib import Path

from . import process
from .targets import ROOT

GREETING = re.compile(r"trivet-stream 1 (\S+)((?: \S+=\S*)*)$")
SILENT = 20.0  # seconds one program may take, natively
MAX_RESTARTS = 25
SANITIZER = "sanitizer: "  # how a report of the emulator's plugin begins
ENGINES = ("interp", "baseline", "optimized")


@dataclasses.dataclass
class Result:
    line: int
    call: str
    value: str  # "i64:0x000000000000002d", "trap:divide-by-zero@f:3", with what `leaves` found
    verdict: str  # "ok", "FAIL …", "-"


@dataclasses.dataclass
class Run:
    """One program on one target and engine."""

    name: str
    results: list = dataclasses.field(default_factory=list)
    done: bool = False
    error: str = ""  # it did not compile, crashed, hung, was never reached …


@dataclasses.dataclass
class Batch:
    target: str
    engine: str
    runs: dict  # name -> Run
    greeting: dict = dataclasses.field(default_factory=dict)
    skip: str = ""  # the program said 77: this machine cannot run it, and why
    fault: str = ""  # nothing was tested: no greeting, not built, another machine's …
    seconds: float = 0.0
    processes: int = 0


def stream_command(target, engine):
    return target.command(target.trivet, "check", "--stream", "--stand-ins", f"--engine={engine}", *target.program_args)


def check_command(target, engine, path):
    return target.command(target.trivet, "check", "--bits", *stand_ins(path), f"--engine={engine}", *target.program_args, path)


def run_command(target, engine, path, call):
    return target.command(target.trivet, "run", "--bits", *stand_ins(path), f"--engine={engine}", *target.program_args,
                          path, call)


def stand_ins(path):
    """Of a program that has host functions, so that there are any."""
    path = ROOT / path
    return ["--stand-ins"] if path.is_file() and b"extern fn" in path.read_bytes() else []


def run_batch(target, engine, programs, silent=SILENT):
    """programs: list of (name, bytes).  A Batch with a Run for every one of them."""
    batch = Batch(target.name, engine, {name: Run(name) for name, _ in programs})
    rest = list(programs)
    while rest:
        if batch.processes > MAX_RESTARTS:
            for name, _ in rest:
                batch.runs[name].error = f"not run: {MAX_RESTARTS} processes before it crashed or hung"
            break
        rest = run_some(target, engine, rest, batch, silent)
    return batch


def run_some(target, engine, programs, batch, silent):
    """One process.  Fills in the runs it got through, and returns the programs still to do."""
    text = b"".join(b"//! program " + name.encode() + b"\n" + body + b"\n" for name, body in programs)
    ended = process.run(target, stream_command(target, engine), text, total=600, silent=silent)
    batch.processes += 1
    reader = Reader(target, engine, [name for name, _ in programs], batch)
    lines = ended.out.decode("utf-8", "backslashreplace").split("\n")
    for line in lines:
        if line.strip("\r"):
            reader.take(line.rstrip("\r"))
    if not reader.greeted:
        reader.no_greeting(ended)
        return []
    clean = reader.bye and ended.status in (0, 1) and not ended.timed_out
    current = reader.current()
    if current is None:
        if reader.bye and reader.bye != f"bye {len(programs)} {reader.results}":
            last = batch.runs[programs[-1][0]]
            last.error = last.error or (f"trivet said {reader.bye!r}, but was given {len(programs)} programs and wrote "
                                        f"{reader.results} results")
        if not clean:
            last = batch.runs[programs[-1][0]]
            last.error = last.error or f"after the last program: {said(ended)}"
        return []
    run = batch.runs[current]
    run.error = "; ".join(filter(None, [run.error, said(ended) if not clean else
                                        "trivet said bye without answering for this program"]))
    names = [name for name, _ in programs]
    return programs[names.index(current) + 1:]


def wrong_page_size(target, greeting):
    """A guest that was linked for other pages reports its own whatever the emulator was told."""
    line = target.runner_line()
    wanted = line[line.index("-p") + 1] if "-p" in line else None
    if wanted and greeting.get("pagesize") != wanted:
        return f"{target.name} sees pages of {greeting.get('pagesize')} bytes, but was to see {wanted}"
    return ""


def said(ended):
    """How a process ended, with the last of what it wrote to stderr."""
    text = ended.err.decode("utf-8", "backslashreplace").strip()
    if len(text) > 3000:
        text = "… " + text[-3000:]
    return (ended.how or "ended too early") + (f"\n{text}" if text else "")


class Reader:
    """Understands the output; anything that is not in the protocol is held against the program running."""

    def __init__(self, target, engine, names, batch):
        self.target, self.engine, self.names, self.batch = target, engine, names, batch
        self.at = 0
        self.greeted = False
        self.first = self.bye = ""
        self.results = 0

    def current(self):
        return self.names[self.at] if self.at < len(self.names) else None

    def take(self, line):
        if not self.greeted:
            self.greet(line)
        elif line.startswith(SANITIZER):
            self.sanitizer(line)
        elif line.startswith("bye ") and not self.bye:
            self.bye = line
        elif not self.result(line):
            self.rubbish(line)

    def greet(self, line):
        self.first = self.first or line
        match = GREETING.match(line)
        if not match or match[1] != self.target.base or line != self.first:
            return
        self.greeted = True
        self.batch.greeting = dict(pair.split("=", 1) for pair in match[2].split())
        self.batch.fault = wrong_page_size(self.target, self.batch.greeting)

    def result(self, line):
        fields = line.split("\t")
        current = self.current()
        if current is None:
            return False
        run = self.batch.runs[current]
        if fields[0] == current and len(fields) >= 3 and fields[1] == "error":
            run.error = "\t".join(fields[2:])
            return True
        if fields[0] == current and len(fields) == 4 and fields[1] == "done":
            self.finish(run, fields)
            self.at += 1
            return True
        name, _, number = fields[0].rpartition(":")
        if name != current or not number.isdigit() or len(fields) != 5 or fields[1] != self.engine:
            return False
        run.results.append(Result(int(number), fields[2], fields[3], fields[4]))
        self.results += 1
        return True

    def finish(self, run, fields):
        run.done = True
        failed = sum(r.verdict not in ("ok", "-") for r in run.results)
        passed = len(run.results) - failed
        if [str(passed), str(failed)] != fields[2:] and not run.error:
            run.error = (f"trivet counts {fields[2]} passed and {fields[3]} failed, "
                         f"but wrote {passed} and {failed} results")

    def sanitizer(self, line):
        """What tests/rig/tcg/sanitizer.c saw while this program was compiled or run."""
        run = self.batch.runs[self.current() or self.names[-1]]
        if run.error.count(SANITIZER) < 3:
            run.error = "\n".join(filter(None, [run.error, line]))

    def rubbish(self, line):
        current = self.current() or self.names[-1]
        run = self.batch.runs[current]
        run.error = run.error or f"rubbish in the output: {line[:200]!r}"

    def no_greeting(self, ended):
        text = ended.out.decode("utf-8", "backslashreplace").strip()
        if ended.status == 77 and not ended.timed_out:
            lines = (text or ended.err.decode("utf-8", "backslashreplace").strip()).splitlines()
            self.batch.skip = lines[-1] if lines else "exit status 77 without a reason"
            return
        what = f"its first line was {self.first[:200]!r}" if self.first else "it wrote nothing"
        text = f"no greeting 'trivet-stream 1 {self.target.base} …': {what}; {said(ended)}\n" \
               f"  reproduce: {process.quote(stream_command(self.target, self.engine))} </dev/null"
        if self.batch.processes == 1:
            self.batch.fault = text
        for name in self.names:
            self.batch.runs[name].error = text


def read_programs(paths, names):
    return [(name, Path(ROOT, path).read_bytes()) for name, path in zip(names, paths)]
