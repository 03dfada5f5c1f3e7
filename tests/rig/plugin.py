"""What Trivet adds to crossrig: cases on every target and engine, and unit tests built by make.

Collected: tests/cases/**/*.tv and examples/*.tv for every target × engine, and tests/unit/*.c for every
target.  Ids read  aarch64-linux::arith/div.tv::baseline  and  x86_64-windows::unit/mem.
"""

import dataclasses
import os
import pickle
import re
import time
from pathlib import Path

import pytest
from crossrig import report
from crossrig.plugin import Failure, Fault, Item, ProgramItem, Session

from . import cases, process, stream, targets
from .targets import ROOT, RigError

pytest_plugins = ["crossrig.plugin"]

# Programs that must fail, be interrupted, or not compile, and what has to be said of them: a trivet or a rig
# that calls everything fine is found out on every target and engine.
CANARIES = {
    "fail": (b"fn f() -> i64 { return 44; }\n//! f() == 45\n", "FAIL"),
    "trap": (b"fn f() -> i64 { return 44; }\n//! f() traps divide-by-zero\n", "FAIL"),
    "compile": (b"fn f() -> i64 { return }\n//! f() == 45\n", "expected an expression"),
    "hang": (b"fn f() -> i64 { loop { } return 1; }\n//! f() == 45\n", "time-out"),
}
# The same of a stand-in for trivet that can also crash (trivet itself never should): see fake_trivet.c.
FAKES = {"answer 44": "FAIL", "lie 44": "the directive says: 45", "crash": "signal|Windows|exit status 3",
         "hang": "time-out", "exit": "ended too early", "half": "rubbish in the output", "forget": "gave no result"}
CANARY_SILENT = 1.5


def pytest_addoption(parser):
    group = parser.getgroup("trivet", "Trivet's cases")
    group.addoption("--engines", default=",".join(stream.ENGINES), metavar="LIST")
    group.addoption("--cases", default="tests/cases,examples", metavar="DIRS")
    group.addoption("--units", default="tests/unit", metavar="DIR")
    group.addoption("--silent", type=float, default=stream.SILENT, metavar="SECONDS",
                    help="a case that says nothing for so long hangs (native; emulators get more)")


def pytest_crossrig_session(config):
    return Rig(config)


class Rig(Session):
    title = "Trivet: tests"
    engines = stream.ENGINES

    def __init__(self, config):
        super().__init__(config)
        self.chosen_engines = [e for e in config.option.engines.split(",") if e]
        for engine in self.chosen_engines:
            if engine not in stream.ENGINES:
                raise RigError(f"no engine '{engine}'; there are: {' '.join(stream.ENGINES)}")
        self.partial = len(self.chosen_engines) < len(stream.ENGINES)
        self.case_folders = [Path(ROOT, d).resolve() for d in config.option.cases.split(",")]
        self.unit_folder = Path(ROOT, config.option.units).resolve()
        self.paths = []  # of the .tv files that were collected and chosen
        self.pairs = []  # (target name, engine) likewise
        self.last_table = None, None
        self.made = {}  # {turn: {(target name, engine): Batch}}

    # ---- crossrig asks ----

    def load_targets(self):
        return targets.load_targets()

    def build_target(self, target):
        status, said = targets.make(target, "all")
        if status:
            return f"make TARGET={target.base} failed:\n{last_lines(said)}"
        if targets.make(target, "unit", keep_going=True)[0] == 0:
            self.all_units(target).touch()
        return ""

    def all_units(self, target):
        """Exists when all of the target's unit tests are built."""
        return self.folder / f"units-{Path(target.build).name}"

    def program_of(self, target, name, source):
        return f"{target.build}/{name}{target.suffix}"

    def build_program(self, target, name, source):
        if self.all_units(target).exists():
            return ""
        program = self.program_of(target, name, source)
        status, said = targets.make(target, program)
        return f"make TARGET={target.base} {program} failed:\n{last_lines(said)}" if status else ""

    def tallies(self):
        found = []
        for path in sorted(self.folder.glob("batch-*-0")):
            b = pickle.loads(path.read_bytes())
            if b.skip or b.fault:
                continue
            note = ", ".join(f"{key} {b.greeting[key]}" for key in ("pagesize", "features") if key in b.greeting)
            note += f", {b.processes} processes" if b.processes > 1 else ""
            found.append(report.Tally(b.target, b.engine, len(b.runs), sum(len(r.results) for r in b.runs.values()),
                                      b.seconds, note, sum(bool(r.error) for r in b.runs.values())))
        order = {t.name: i for i, t in enumerate(self.targets)}
        return sorted(found, key=lambda t: (order.get(t.target, 0), stream.ENGINES.index(t.engine)))

    def extra_items(self, parent):
        for target in self.targets:
            for engine in self.chosen_engines:
                yield StreamCanary.make(parent, f"{target.name}::canary/stream::{engine}", target, engine=engine,
                                        path=ROOT)
            yield FakeCanary.make(parent, f"{target.name}::canary/protocol", target, path=ROOT)

    # ---- cases ----

    def path_name(self, path):
        """arith/div.tv, examples/add.tv: how ids call a program."""
        folder = self.case_folders[0]
        path = Path(path)
        if folder in path.parents:
            return path.relative_to(folder).as_posix()
        return process.shown(path)

    def batches(self):
        """All batches of this run, made by whichever of the processes comes first."""
        made = self.made.setdefault(self.turn, {})
        if made:
            return made
        rows = [(t, e) for t in self.targets for e in self.chosen_engines if (t.name, e) in self.pairs]
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]
        first = int(worker) * len(rows) // max(1, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
        rows = rows[first:] + rows[:first]
        for wait in (False, True):
            for target, engine in rows:
                if (target.name, engine) not in made:
                    batch = self.once(f"batch-{target.name}-{engine}", lambda: self.make_batch(target, engine), wait)
                    if batch:
                        made[target.name, engine] = batch
        return made

    def make_batch(self, target, engine):
        names = [self.path_name(p) for p in self.paths]
        batch = stream.Batch(target.name, engine, {n: stream.Run(n) for n in names})
        batch.skip = target.missing()
        if batch.skip:
            return batch
        batch.fault = self.problem(target) or targets.wrong_machine(target, ROOT / target.trivet)
        if not batch.fault:
            start = time.monotonic()
            batch = stream.run_batch(target, engine, stream.read_programs(self.paths, names),
                                     silent=self.config.option.silent)
            batch.seconds = time.monotonic() - start
            batch.fault = batch.fault or "" if batch.skip else batch.fault or self.stale(target, batch)
        return batch

    def stale(self, target, batch):
        """The program must be the one that was just built."""
        header = ROOT / target.build / "build_id.h"
        said = batch.greeting.get("build")
        if not target.buildable or not header.exists() or said is None:
            return ""
        built = header.read_text().split('"')[1]
        return "" if said == built else f"{target.trivet} is build {said}, but the sources are {built}"

    def table(self, path):
        """All answers for one program; the last one made is kept, since its items come one after another."""
        if self.last_table[0] != (self.turn, path):
            self.last_table = (self.turn, path), self.make_table(path)
        return self.last_table[1]

    def make_table(self, path):
        name = self.path_name(path)
        runs = {key: batch.runs[name] for key, batch in self.batches().items()
                if not batch.skip and not batch.fault and (key[0], key[1], name) in self.chosen}
        return cases.Table(process.shown(path), Path(path).read_bytes(), runs, self.all_targets)


def last_lines(text, lines=25):
    return "\n".join(text.rstrip().splitlines()[-lines:])


# ---- collecting ----------------------------------------------------------------------------------


def pytest_collect_file(file_path, parent):
    rig = parent.config.rig
    if file_path.suffix == ".tv" and any(d in file_path.parents for d in rig.case_folders):
        return CaseFile.from_parent(parent, path=file_path)
    if file_path.suffix == ".c" and file_path.parent == rig.unit_folder:
        return UnitFile.from_parent(parent, path=file_path)
    return None


class CaseFile(pytest.File):
    def collect(self):
        rig = self.config.rig
        name = rig.path_name(self.path)
        if not rig.in_shard(name):
            return
        for target in rig.targets:
            for engine in rig.chosen_engines:
                yield CaseItem.make(self, f"{target.name}::{name}::{engine}", target, engine=engine,
                                    suite=name.rpartition("/")[0] or ".")


class UnitFile(pytest.File):
    def collect(self):
        rig = self.config.rig
        name = "unit/" + self.path.stem
        if not rig.in_shard(name):
            return
        for target in rig.targets:
            if not target.program_args:  # they are trivet's own
                yield ProgramItem.make(self, f"{target.name}::{name}", target, title=name, source=self.path,
                                       suite="unit")


class CaseItem(Item):
    def prepare(self):
        batch = self.rig.batches()[self.target.name, self.engine]
        self.why_skip = batch.skip
        if batch.fault:
            raise Fault(batch.fault)

    def test(self):
        said = self.rig.table(self.path).judge((self.target.name, self.engine))
        if said:
            raise Failure(said)


def judge(target, engine, name, text, run):
    """What the rig says of one program alone."""
    return cases.Table(name, text, {(target.name, engine): run}, {target.name: target}).judge((target.name, engine))


class StreamCanary(Item):
    """Programs known to be wrong, given to the real trivet, one batch an engine."""

    suite = "canary"

    def test(self):
        problem = targets.wrong_machine(self.target, ROOT / self.target.trivet)
        if problem:
            raise Fault(problem)
        batch = stream.run_batch(self.target, self.engine, [(n, text) for n, (text, _) in CANARIES.items()],
                                 silent=CANARY_SILENT)
        if batch.skip:
            self.rig.skip(self.target, batch.skip)
        if batch.fault:
            raise Fault(batch.fault)
        for name, (text, says) in CANARIES.items():
            said = judge(self.target, self.engine, name, text, batch.runs[name])
            if says not in said:
                raise Failure(f"the rig is asleep: of the canary '{name}' it says {said!r}, and not {says!r}")


class FakeCanary(Item):
    """fake_trivet.c, built for the target, which crashes, hangs and lies; and good programs between these."""

    suite = "canary"

    def test(self):
        if not (self.target.buildable and self.target.compiler):
            pytest.skip("not for this target: no compiler was given")
        program = f"{self.target.build}/fake_trivet{self.target.suffix}"
        problem = self.rig.once(f"fake-{self.target.build}", lambda: self.rig.compile(
            self.target, program, Path(__file__).with_name("fake_trivet.c"),
            f"-DFAKE_TARGET='\"{self.target.base}\"'"))
        if problem:
            raise Fault(problem)
        fake = dataclasses.replace(self.target, trivet=program)
        good = b"fn f() -> i64 { return 45; }\n//! f() == 45\n"
        programs = []
        for mark in FAKES:
            programs += [(mark, good + f"//@ {mark}\n".encode()), (f"good after {mark}", good)]
        batch = stream.run_batch(fake, "interp", programs, silent=CANARY_SILENT)
        if batch.fault:
            raise Failure(batch.fault)
        for name, text in programs:
            said = judge(fake, "interp", name, text, batch.runs[name])
            wanted = FAKES.get(name, "^$")
            if not re.search(wanted, said):
                raise Failure(f"the rig is asleep: of the canary '{name}' it says {said!r}, and not {wanted!r}")


def pytest_collection_finish(session):
    """Batches run what was chosen, by -k, by path or by shard, and nothing else."""
    rig = session.config.rig
    chosen = [i for i in session.items if isinstance(i, CaseItem)]
    rig.paths = sorted({i.path for i in chosen})
    rig.pairs = {(i.target.name, i.engine) for i in chosen}
    rig.chosen = {(i.target.name, i.engine, rig.path_name(i.path)) for i in chosen}
