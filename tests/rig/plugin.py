"""The pytest side of the rig: what is collected, for which targets, and how outcomes are told.

Collected: tests/cases/**/*.tv and examples/*.tv for every target × engine, and tests/unit/*.c for every
target.  Ids read  aarch64-linux::arith/div.tv::baseline  and  x86_64-windows::unit/mem.  Ordinary Python
tests beside them run as ever.
"""

import collections
import fcntl
import functools
import os
import pickle
import shutil
import tempfile
import time
import zlib
from pathlib import Path

import pytest

from . import cases, matrix, process, stream, targets
from .targets import ROOT, RigError

SESSION_VARIABLE = "TRIVET_RIG_SESSION"  # the folder that a run's processes share
UNIT_SECONDS = 60.0
NOT_FOR = "not for this target"  # a unit test's reason that even --require accepts


def pytest_addoption(parser):
    group = parser.getgroup("trivet", "targets and engines")
    group.addoption("--targets", default="all", metavar="LIST",
                    help="all, host, variants, or names such as aarch64-linux,x86_64-linux+floor")
    group.addoption("--engines", default=",".join(stream.ENGINES), metavar="LIST")
    group.addoption("--require", default="", metavar="LIST",
                    help="targets (or: all) of which nothing may be skipped")
    group.addoption("--shard", default="1/1", metavar="I/N", help="only the I-th of N parts")
    group.addoption("--no-build", action="store_true", help="use what is in build/ already")
    group.addoption("--cases", default="tests/cases,examples", metavar="DIRS")
    group.addoption("--units", default="tests/unit", metavar="DIR")
    group.addoption("--matrix", default="", metavar="FILE",
                    help="write one HTML page: target × suite, skips, failures")
    group.addoption("--silent", type=float, default=stream.SILENT, metavar="SECONDS",
                    help="a program that says nothing for so long hangs (native; emulators get more)")


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if config.option.help:
        return
    try:
        config.rig = Rig(config)
    except RigError as e:
        raise pytest.UsageError(str(e)) from None


class Rig:
    """What one process of a test run knows; the folder is common to all of them."""

    def __init__(self, config):
        self.config = config
        self.worker = is_worker(config)
        if self.worker:
            self.folder = Path(os.environ[SESSION_VARIABLE])
            self.all_targets = pickle.loads((self.folder / "targets").read_bytes())
        else:
            self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=process.scratch_directory()))
            os.environ[SESSION_VARIABLE] = str(self.folder)
            self.all_targets = targets.load_targets()
            (self.folder / "targets").write_bytes(pickle.dumps(self.all_targets))
        self.targets = targets.choose_targets(self.all_targets, config.option.targets)
        if not self.targets:
            raise RigError("no target chosen")
        self.engines = [e for e in config.option.engines.split(",") if e]
        for engine in self.engines:
            if engine not in stream.ENGINES:
                raise RigError(f"no engine '{engine}'; there are: {' '.join(stream.ENGINES)}")
        self.required = self.read_required(config.option.require)
        self.shard = self.read_shard(config.option.shard)
        self.case_folders = [Path(ROOT, d).resolve() for d in config.option.cases.split(",")]
        self.unit_folder = Path(ROOT, config.option.units).resolve()
        self.programs = []  # paths of the .tv files that were collected and chosen
        self.pairs = []  # (target name, engine) likewise
        self.tables = None

    def read_required(self, text):
        names = [n for n in text.split(",") if n]
        if "all" in names:
            return {t.name for t in self.targets} | {"all"}
        for name in names:
            if name not in self.all_targets:
                raise RigError(f"--require: no target '{name}'")
        return set(names)

    @staticmethod
    def read_shard(text):
        try:
            i, n = map(int, text.split("/"))
            assert 1 <= i <= n
        except (ValueError, AssertionError):
            raise RigError(f"--shard={text}: expected I/N with 1 <= I <= N") from None
        return i - 1, n

    def in_shard(self, name):
        i, n = self.shard
        return zlib.crc32(name.encode()) % n == i

    # ---- building ----

    def build(self, write):
        """Everything the chosen targets need.  What does not build fails the tests that need it."""
        problems, units = {}, set()
        for target in self.targets:
            if target.missing():
                continue
            if target.buildable and not self.config.option.no_build:
                status, said = targets.make(target, "all")
                if status:
                    problems[target.name] = f"make TARGET={target.base} failed: {first_error(said)}"
                    write(f"{target.name}: the build FAILED\n{tail(said)}")
                elif targets.make(target, "unit", keep_going=True)[0] == 0:
                    units.add(target.name)
        for target in self.targets:
            if target.runner == "wine" and not target.missing():
                ended = process.run(target, ["scripts/wine", "--warm"], total=200)
                if ended.how:
                    problems[target.name] = "scripts/wine --warm: " + stream.said(ended)
        (self.folder / "built").write_bytes(pickle.dumps((problems, units)))

    @functools.cached_property
    def built(self):
        """(problems by target, targets whose unit tests are all built)"""
        return pickle.loads((self.folder / "built").read_bytes())

    def problem(self, target):
        return self.built[0].get(target.name, "")

    # ---- running ----

    def path_name(self, path):
        """arith/div.tv, examples/add.tv: how ids call a program."""
        folder = self.case_folders[0]
        path = Path(path)
        if folder in path.parents:
            return path.relative_to(folder).as_posix()
        return process.shown(path)

    def batches(self):
        """All batches of this run, made by whichever of the processes comes first."""
        if self.tables is not None:
            return self.tables
        rows = [(t, e) for t in self.targets for e in self.engines if (t.name, e) in self.pairs]
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]
        first = int(worker) * len(rows) // max(1, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
        rows = rows[first:] + rows[:first]
        self.tables = {}
        for wait in (False, True):
            for target, engine in rows:
                if (target.name, engine) not in self.tables:
                    batch = self.batch(target, engine, wait)
                    if batch:
                        self.tables[target.name, engine] = batch
        return self.tables

    def batch(self, target, engine, wait):
        stored = self.folder / f"batch-{target.name}-{engine}"
        with open(f"{stored}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return None
            if stored.exists():
                return pickle.loads(stored.read_bytes())
            batch = self.make_batch(target, engine)
            stored.write_bytes(pickle.dumps(batch))
            return batch

    def make_batch(self, target, engine):
        names = [self.path_name(p) for p in self.programs]
        batch = stream.Batch(target.name, engine, {n: stream.Run(n) for n in names})
        batch.skip = target.missing()
        if batch.skip:
            return batch
        problem = self.problem(target) or targets.wrong_machine(target, ROOT / target.trivet)
        if not problem:
            start = time.monotonic()
            batch = stream.run_batch(target, engine, stream.read_programs(self.programs, names),
                                     silent=self.config.option.silent)
            batch.seconds = time.monotonic() - start
            problem = "" if batch.skip else self.stale(target, batch)
        if problem:
            for run in batch.runs.values():
                run.error = run.error or problem
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
        name = self.path_name(path)
        runs = {key: batch.runs[name] for key, batch in self.batches().items()
                if not batch.skip and (key[0], key[1], name) in self.chosen}
        return cases.Table(process.shown(path), Path(path).read_bytes(), runs, self.all_targets)

    def skip(self, target, reason):
        """A skip, or a failure where this target is required."""
        strict = target.name in self.required or target.base in self.required or "all" in self.required
        if strict and not reason.startswith(NOT_FOR):
            pytest.fail(f"required, but skipped: {reason}", pytrace=False)
        pytest.skip(reason)


def tail(text, lines=25):
    return "\n".join(text.rstrip().splitlines()[-lines:])


def first_error(text):
    lines = [line for line in text.splitlines() if "error" in line.lower()]
    return lines[0] if lines else tail(text, 1)


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
            for engine in rig.engines:
                yield CaseItem.make(self, f"{target.name}::{name}::{engine}", target, engine)


class UnitFile(pytest.File):
    def collect(self):
        rig = self.config.rig
        name = "unit/" + self.path.stem
        if not rig.in_shard(name):
            return
        for target in rig.targets:
            if not target.variant or target.variant.trivet_args == ():
                yield UnitItem.make(self, f"{target.name}::{name}", target, None)


class RigItem(pytest.Item):
    @classmethod
    def make(cls, parent, name, target, engine):
        item = cls.from_parent(parent, name=name, nodeid=name)
        item.target, item.engine, item.rig = target, engine, parent.config.rig
        return item

    def reportinfo(self):
        # pytest would write a.tv as a::tv if this ended like the id
        return self.path, None, f"{self.name}  ({process.shown(self.path)})"

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, RigFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class RigFailure(Exception):
    pass


class CaseItem(RigItem):
    def runtest(self):
        batch = self.rig.batches()[self.target.name, self.engine]
        if batch.skip:
            self.rig.skip(self.target, batch.skip)
        report = self.rig.table(self.path).judge((self.target.name, self.engine))
        if report:
            raise RigFailure(report)


class UnitItem(RigItem):
    def runtest(self):
        target = self.target
        if target.missing():
            self.rig.skip(target, target.missing())
        program = f"{target.build}/unit/{self.path.stem}{target.suffix}"
        if target.buildable and not self.config.option.no_build and target.name not in self.rig.built[1]:
            status, said = targets.make(target, program)
            if status:
                raise RigFailure(f"make TARGET={target.base} {program} failed:\n{tail(said)}")
        problem = targets.wrong_machine(target, ROOT / program)
        if problem:
            raise RigFailure(problem)
        line = target.command(program)
        ended = process.run(target, line, total=UNIT_SECONDS)
        out = (ended.out + ended.err).decode("utf-8", "backslashreplace").rstrip()
        if ended.status == 77 and not ended.timed_out:
            self.rig.skip(target, out.splitlines()[-1] if out else "exit status 77 without a reason")
        if ended.how:
            raise RigFailure(f"{program}: {ended.how}\n{tail(out)}\n  reproduce: {process.quote(line)}")
        self.add_report_section("call", "output", tail(out, 5))


def pytest_collection_finish(session):
    """Batches run what was chosen, by -k, by path or by shard, and nothing else."""
    rig = session.config.rig
    chosen = [i for i in session.items if isinstance(i, CaseItem)]
    rig.programs = sorted({i.path for i in chosen})
    rig.pairs = {(i.target.name, i.engine) for i in chosen}
    rig.chosen = {(i.target.name, i.engine, rig.path_name(i.path)) for i in chosen}


# ---- the run -------------------------------------------------------------------------------------


def pytest_report_header(config):
    rig = config.rig
    lines = ["host: " + targets.host_description()]
    return lines + [targets.describe(t) for t in rig.targets]


def pytest_sessionstart(session):
    rig = session.config.rig
    if not rig.worker and not session.config.option.collectonly:
        rig.build(lambda text: print(text, flush=True))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """--require=all also holds for the Python tests' own skips."""
    outcome = yield
    report = outcome.get_result()
    rig = item.config.rig
    if report.skipped and "all" in rig.required and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        if NOT_FOR not in reason and "empty parameter set" not in reason:
            report.outcome = "failed"
            report.longrepr = f"required (--require=all), but skipped: {reason}"


def pytest_runtest_logreport(report):
    """In the main process: what really ran."""
    if report.when == "call" and not report.skipped:
        counts["ran"] += 1


counts = collections.Counter()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    rig = getattr(session.config, "rig", None)
    if not rig or rig.worker or session.config.option.collectonly:
        return
    if exitstatus == 0 and not counts["ran"]:
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_terminal_summary(terminalreporter, config):
    rig = config.rig
    reasons = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    if reasons:
        terminalreporter.section("skipped, and why")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count:5} × {reason}")
    if not counts["ran"] and not config.option.collectonly:
        terminalreporter.section("NOTHING RAN: that counts as a failure")
    summarise_batches(rig, terminalreporter)
    if config.option.matrix:
        write_matrix(config, terminalreporter, reasons)


def write_matrix(config, terminalreporter, reasons):
    reports = [(outcome, r.nodeid, str(r.longrepr or ""))
               for outcome in ("passed", "failed", "skipped")
               for r in terminalreporter.stats.get(outcome, []) if r.when == "call" or outcome != "passed"]
    reports += [("failed", r.nodeid, str(r.longrepr)) for r in terminalreporter.stats.get("error", [])]
    path = ROOT / config.option.matrix
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(matrix.page(reports, pytest_report_header(config), reasons), encoding="utf-8")
    terminalreporter.write_line(f"the matrix is in {process.shown(path)}")


def summarise_batches(rig, reporter):
    batches = [pickle.loads(p.read_bytes()) for p in sorted(rig.folder.glob("batch-*"))
               if p.suffix != ".lock"]
    batches = [b for b in batches if not b.skip]
    if not batches:
        return
    reporter.section("programs: results per target and engine")
    for b in batches:
        results = sum(len(run.results) for run in b.runs.values())
        broken = sum(bool(run.error) for run in b.runs.values())
        reporter.write_line(
            f"{b.target:24} {b.engine:10} {len(b.runs):4} programs {results:6} results "
            f"{getattr(b, 'seconds', 0):6.1f} s" + (f", {broken} BROKEN" if broken else "")
            + (f", {b.processes} processes" if b.processes > 1 else "")
            + (f", page size {b.greeting['pagesize']}" if "pagesize" in b.greeting else ""))


def pytest_unconfigure(config):
    rig = getattr(config, "rig", None)
    if rig and not rig.worker:
        shutil.rmtree(rig.folder, ignore_errors=True)
