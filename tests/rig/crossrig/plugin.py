"""The pytest side of crossrig: targets, programs, outcomes, canaries, floors and the summary.

In pytest.ini (every path relative to the project):

    crossrig_toolchains = toolchains/*.mk       the targets
    crossrig_programs = tests/*.c               one test program each; or programs that crossrig_build makes,
                                                as in build/{target}/test_*{suffix}
    crossrig_build = make TARGET={target} tests   run once a target; without it each source is compiled by itself
    crossrig_flags = -Iinclude                  more flags for that
    crossrig_compare = yes                      all targets must print the same
    crossrig_floor = tests/floor.json           the least number of tests a full run has

Ids read  aarch64-linux::tests/name.  Ordinary Python tests beside them run as ever.  A project that needs more
gives a Session of its own through the hook pytest_crossrig_session; Trivet's tests/rig/plugin.py is one.
"""

import collections
import fcntl
import functools
import glob
import json
import os
import pickle
import re
import shlex
import shutil
import time
import zlib
from pathlib import Path

import pytest

from . import process, report, toolchains
from .process import SESSION_VARIABLE
from .toolchains import RigError

NOT_FOR = "not for this target"  # a program's reason to skip that even --require accepts
CANARIES = {"pass": "pass", "skip": "skip", "fail": "fail", "error": "error", "crash": "crash", "hang": "hang",
            "half": "fail", "rubbish": "fail"}
CANARY_SECONDS = 1.0


class Fault(Exception):
    """The rig's own trouble (nothing built, wrong machine, no greeting): an error, not a failed test."""


class Failure(Exception):
    """A test's failure, told in the message alone."""


class Hooks:
    """What other plugins can say to this one."""

    @staticmethod
    @pytest.hookspec(firstresult=True)
    def pytest_crossrig_session(config):
        """A Session of the project's own kind."""


def pytest_addhooks(pluginmanager):
    pluginmanager.add_hookspecs(Hooks)


def pytest_addoption(parser):
    group = parser.getgroup("crossrig", "programs of several targets")
    group.addoption("--targets", default="all", metavar="LIST",
                    help="all, host, variants, or names such as aarch64-linux,x86_64-linux+floor")
    group.addoption("--require", default="", metavar="LIST",
                    help="targets (or: all) of which nothing may be skipped")
    group.addoption("--shard", default="1/1", metavar="I/N", help="only the I-th of N parts")
    group.addoption("--repeat", type=int, default=1, metavar="N",
                    help="run every test N times; one that does not always end alike fails as flaky")
    group.addoption("--programs-only", action="store_true", help="leave out Python's own tests")
    group.addoption("--no-build", action="store_true", help="use what is built already")
    group.addoption("--limit", type=float, default=60, metavar="SECONDS",
                    help="what a program may take at most (native; emulators get more)")
    group.addoption("--matrix", default="", metavar="FILE", help="write one HTML page: the matrix, skips, failures")
    group.addoption("--summary", default="", metavar="FILE",
                    help="append the same as Markdown (for $GITHUB_STEP_SUMMARY)")
    parser.addini("crossrig_toolchains", "globs of toolchain files", type="args", default=["toolchains/*.mk"])
    parser.addini("crossrig_programs", "globs of test programs or their sources", type="args", default=[])
    parser.addini("crossrig_build", "the command that builds a target's programs")
    parser.addini("crossrig_flags", "more flags for compiling sources")
    parser.addini("crossrig_compare", "all targets must print the same", type="bool", default=False)
    parser.addini("crossrig_floor", "file with the least number of tests of a full run")


def is_worker(config):
    return hasattr(config, "workerinput")


def pytest_configure(config):
    if config.option.help:
        return
    process.use_root(config.rootpath)
    try:
        config.rig = config.hook.pytest_crossrig_session(config=config) or Session(config)
    except RigError as e:
        raise pytest.UsageError(str(e)) from None
    if not is_worker(config):
        config.pluginmanager.register(Counter(config.rig), "crossrig_counter")


class Session:
    """What one process of a test run knows; the folder is common to all of them."""

    title = "Tests"
    partial = False  # True when an option of the project's own leaves tests out
    engines = ()  # in the order of the matrix's columns

    def __init__(self, config):
        self.config = config
        self.worker = is_worker(config)
        self.turn = 0  # of --repeat
        if config.option.repeat < 1:
            raise RigError(f"--repeat={config.option.repeat}: it is 1 or more")
        self.shard = self.read_shard(config.option.shard)
        if self.worker:
            self.folder = Path(os.environ[SESSION_VARIABLE])
            self.all_targets = pickle.loads((self.folder / "targets").read_bytes())
        else:
            process.sweep()
            self.all_targets = self.load_targets()
        self.targets = toolchains.choose_targets(self.all_targets, config.option.targets)
        if not self.targets:
            raise RigError("no target chosen")
        self.required = self.read_required(config.option.require)
        if not self.worker:
            self.folder = process.own_folder("session")
            os.environ[SESSION_VARIABLE] = str(self.folder)
            (self.folder / "targets").write_bytes(pickle.dumps(self.all_targets))
        self.start = time.monotonic()

    # ---- what a project may do otherwise ----

    def load_targets(self):
        found = []
        for pattern in self.config.getini("crossrig_toolchains"):
            found += [Path(p) for p in glob.glob(str(process.root() / pattern))]
        if not found:
            raise RigError(f"no toolchain file {' '.join(self.config.getini('crossrig_toolchains'))}")
        return toolchains.load_targets(found)

    def programs(self):
        """{name: source, or None where the build command makes it}"""
        found = {}
        for pattern in self.config.getini("crossrig_programs"):
            if "{target}" not in pattern:
                for path in sorted(process.root().glob(pattern)):
                    found[path.relative_to(process.root()).with_suffix("").as_posix()] = path
                continue
            for target in self.targets:
                text = pattern.format(target=target.base, suffix=target.suffix)
                wild = re.escape(text).replace(r"\*", "(.*)").replace(r"\?", "(.)")
                for path in glob.glob(str(process.root() / text)):
                    name = process.shown(path)
                    if re.fullmatch(wild, name):
                        found[pattern.replace("{target}/", "").replace("{suffix}", "").replace(
                            "*", re.fullmatch(wild, name)[1])] = None
        return found

    def program_of(self, target, name, source):
        """The path of a program."""
        if source:
            return f"{target.build}/{name}{target.suffix}"
        folder = next(p for p in self.config.getini("crossrig_programs") if "{target}" in p).partition("{target}")[0]
        return name.replace(folder, f"{folder}{target.base}/", 1) + target.suffix

    def build_target(self, target):
        """Build what the target needs; what went wrong, or ''."""
        command = self.config.getini("crossrig_build")
        if not command:
            return ""
        line = shlex.split(command.format(target=target.base, suffix=target.suffix))
        status, said = process.tool(line)
        return f"{process.quote(line)} failed: {first_error(said)}\n{tail(said)}" if status else ""

    def build_program(self, target, name, source):
        """Build one program; what went wrong, or ''."""
        if not source or self.config.getini("crossrig_build"):
            return ""
        program = self.program_of(target, name, source)
        return self.compile(target, program, source, self.config.getini("crossrig_flags"))

    def suite_of(self, name):
        return name.rpartition("/")[0] or "."

    def tallies(self):
        """Counts that are more than one a test: [report.Tally]"""
        return []

    def extra_items(self, parent):
        """More tests that every run has."""
        return []

    # ---- options ----

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
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise RigError(f"--shard={text}: expected I/N with 1 <= I <= N")
        return int(match[1]) - 1, int(match[2])

    def in_shard(self, name):
        i, n = self.shard
        return zlib.crc32(name.encode()) % n == i

    def is_required(self, target):
        return bool(self.required & {target.name, target.base, "all"})

    def skip(self, target, reason):
        """A skip, or a failure where this target is required."""
        if self.is_required(target) and not reason.startswith(NOT_FOR):
            pytest.fail(f"required, but skipped: {reason}", pytrace=False)
        pytest.skip(reason)

    # ---- building ----

    def compile(self, target, program, source, flags=""):
        path = process.root() / program
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"{path.name}.{os.getpid()}")
        line = shlex.split(f"{target.compiler} {target.cflags or '-O2'} {target.ldflags} {flags}")
        line += ["-o", str(whole), str(source), *shlex.split(target.libs)]
        status, said = process.tool(line)
        if status:
            return f"{process.quote(line)} failed:\n{tail(said)}"
        os.replace(whole, path)
        return ""

    def build(self, write):
        """Everything the chosen targets need.  What does not build is held against the tests that need it."""
        problems, built = {}, {}
        for target in self.targets:
            if target.missing():
                continue
            if target.build not in built:  # variants run the same programs
                wanted = target.buildable and not self.config.option.no_build
                built[target.build] = (self.build_target(target) if wanted else "") or toolchains.warm(target)
                if built[target.build]:
                    write(f"{target.name}: {built[target.build]}")
            problems[target.name] = built[target.build]
        (self.folder / "built").write_bytes(pickle.dumps(problems))

    @functools.cached_property
    def built(self):
        return pickle.loads((self.folder / "built").read_bytes())

    def problem(self, target):
        """Why nothing of this target can be trusted; '' when it can."""
        return self.built.get(target.name, "")

    # ---- running ----

    def once(self, key, make, wait=True):
        """make() in whichever process of this run comes first; the others read what it gave."""
        stored = self.folder / re.sub(r"[^\w.+-]", "-", f"{key}-{zlib.crc32(key.encode()):08x}-{self.turn}")
        with open(f"{stored}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                return None
            if not stored.exists():
                whole = stored.with_suffix(".part")
                whole.write_bytes(pickle.dumps(make()))
                whole.rename(stored)
            return pickle.loads(stored.read_bytes())

    def run_program(self, target, name, source):
        """The Ended of a program on a target, and the command line; (Fault's text, None) when it cannot run."""
        return self.once(f"program-{target.name}-{name}", lambda: self.run_program_now(target, name, source))

    def run_program_now(self, target, name, source):
        program = self.program_of(target, name, source)
        problem = ""
        if target.buildable and not self.config.option.no_build:
            problem = self.build_program(target, name, source)
        problem = problem or toolchains.wrong_machine(target, process.root() / program)
        if problem:
            return problem, None
        line = target.command(program, *target.program_args)
        return process.run(target, line, total=self.config.option.limit), line


def tail(text, lines=25):
    return "\n".join(text.rstrip().splitlines()[-lines:])


def first_error(text):
    lines = [line for line in text.splitlines() if "error" in line.lower()]
    return lines[0] if lines else tail(text, 1)


# ---- the tests ------------------------------------------------------------------------------------


class Item(pytest.Item):
    """A test of one target: prepare() raises Faults, test() Failures."""

    engine = ""
    why_skip = ""

    @classmethod
    def make(cls, parent, name, target, **more):
        item = cls.from_parent(parent, name=name, nodeid=name)
        item.target, item.rig = target, parent.config.rig
        vars(item).update(more)
        item.user_properties += [("target", target.name), ("suite", item.suite)]
        if item.engine:
            item.user_properties.append(("engine", item.engine))
        return item

    def reportinfo(self):
        # pytest would write a.tv as a::tv if this ended like the id
        return self.path, None, f"{self.name}  ({process.shown(self.path)})"

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value) if isinstance(excinfo.value, Failure) else super().repr_failure(excinfo)

    def setup(self):
        """What is raised in here makes an error of the test, not a failure."""
        self.why_skip = self.target.missing()
        if not self.why_skip:
            if self.rig.problem(self.target):
                raise Fault(self.rig.problem(self.target))
            self.prepare()

    def prepare(self):
        pass

    def runtest(self):
        if self.why_skip:
            self.rig.skip(self.target, self.why_skip)
        self.test()


class ProgramItem(Item):
    """One program on one target."""

    source = None

    def prepare(self):
        self.ended, self.line = self.rig.run_program(self.target, self.title, self.source)
        if self.line is None:
            raise Fault(self.ended)

    def test(self):
        ended = self.ended
        if ended.outcome == "skip":
            self.rig.skip(self.target, ended.reason)
        reproduce = f"  reproduce: {process.quote(self.line)}"
        if ended.how:
            raise Failure(f"{self.title}: {ended.how}\n{tail(ended.text)}\n{reproduce}")
        if self.rig.config.getini("crossrig_compare"):
            self.compare(reproduce)
        self.add_report_section("call", "output", tail(ended.text, 5))

    def compare(self, reproduce):
        """What passes has to print the same everywhere; Windows' line ends apart."""
        said = {}
        for target in self.rig.targets:
            if not target.missing() and not self.rig.problem(target):
                ended, line = self.rig.run_program(target, self.title, self.source)
                if line and ended.outcome == "pass":
                    said[target.name] = ended.out.replace(b"\r\n", b"\n")
        counts = collections.Counter(said.values()).most_common()
        agreed = counts[0][0] if len(counts) == 1 or counts[0][1] > counts[1][1] else None
        if said[self.target.name] != agreed:
            lines = {name: text.decode("utf-8", "backslashreplace").split("\n") for name, text in said.items()}
            longest = max(map(len, lines.values()))
            padded = [ls + ["(nothing more)"] * (longest - len(ls)) for ls in lines.values()]
            at = next(i for i, row in enumerate(zip(*padded)) if len(set(row)) > 1)
            out = [f"{self.title}: targets DIFFER in line {at + 1} of what they print"]
            for name, row in zip(lines, padded):
                out.append(f"  {name:24} {row[at][:200]}" + ("  <-- here" if name == self.target.name else ""))
            raise Failure("\n".join([*out, reproduce]))


class CanaryItem(Item):
    """A program known to fail, crash or hang: does the rig say so on this target?"""

    suite = "canary"

    def test(self):
        target, program = self.target, f"{self.target.build}/canary{self.target.suffix}"
        source = Path(__file__).with_name("canary.c")
        if not (target.buildable and target.compiler):
            pytest.skip(f"{NOT_FOR}: no compiler was given")
        problem = self.rig.once(f"canary-{target.build}", lambda: self.rig.compile(target, program, source))
        problem = problem or toolchains.wrong_machine(target, process.root() / program)
        if problem:
            raise Failure(problem)
        ended = process.run(target, target.command(program, self.way),
                            total=CANARY_SECONDS if self.way == "hang" else 20.0)
        told = self.way == "silent" or b"canary: " + self.way.encode() in ended.out
        if ended.outcome != CANARIES[self.way] or not told:
            raise Failure(f"the rig is asleep: a program that should {self.way} gave {ended.outcome} "
                          f"({ended.how or 'exit status 0'})\n{tail(ended.text)}\n"
                          f"  reproduce: {process.quote(target.command(program, self.way))}")


def items_of(session):
    """All tests that are not Python's."""
    rig = session.config.rig
    for name, source in rig.programs().items():
        if rig.in_shard(name):
            for target in rig.targets:
                yield ProgramItem.make(session, f"{target.name}::{name}", target, title=name, source=source,
                                       suite=rig.suite_of(name), path=source or process.root())
    for way in CANARIES:
        for target in rig.targets:
            yield CanaryItem.make(session, f"{target.name}::canary/{way}", target, way=way, path=process.root())
    yield from rig.extra_items(session)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session, items):
    """Programs come with every run of the whole suite, not with single files asked for; they are in their shards
    already, Python's own tests are not."""
    rig = session.config.rig
    elsewhere = [i for i in items if not isinstance(i, Item) and not rig.in_shard(i.nodeid)]
    if elsewhere:
        session.config.hook.pytest_deselected(items=elsewhere)
        items[:] = [i for i in items if isinstance(i, Item) or rig.in_shard(i.nodeid)]
    if whole_suite(session.config):
        items += items_of(session)
    if session.config.option.programs_only:
        others = [i for i in items if not isinstance(i, Item)]
        session.config.hook.pytest_deselected(items=others)
        items[:] = [i for i in items if isinstance(i, Item)]


def whole_suite(config):
    """True unless single files or folders were asked for."""
    wanted = {str(config.rootpath / p) for p in config.getini("testpaths")} or {str(config.rootpath)}
    given = {os.path.abspath(config.invocation_params.dir / a.split("::")[0]) for a in config.args}
    return wanted <= given


# ---- the run -------------------------------------------------------------------------------------


def pytest_report_header(config):
    rig = config.rig
    return ["host: " + toolchains.host_description()] + [toolchains.describe(t) for t in rig.targets]


def pytest_sessionstart(session):
    rig = session.config.rig
    if not rig.worker and not session.config.option.collectonly:
        rig.build(lambda text: print(text, flush=True))


def pytest_runtest_protocol(item, nextitem):
    """--repeat: the same test several times; the worst of them counts, and says when it was not alone."""
    times = item.config.option.repeat
    if times == 1:
        return None
    from _pytest.runner import runtestprotocol
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    turns = []
    for turn in range(times):
        item.config.rig.turn = turn
        if turn and hasattr(item, "_initrequest"):
            item._initrequest()
        turns.append(runtestprotocol(item, nextitem=nextitem if turn == times - 1 else item.parent, log=False))
    item.config.rig.turn = 0
    outcomes = [next((r.outcome for r in reports if r.outcome != "passed"), "passed") for reports in turns]
    worst = next((o for o in ("failed", "skipped") if o in outcomes), "passed")
    reports = turns[outcomes.index(worst)]
    if len(set(outcomes)) > 1:
        at = next(r for r in reports if r.outcome == worst)
        counted = ", ".join(f"{n} {o}" for o, n in collections.Counter(outcomes).most_common())
        at.longrepr = f"FLAKY: of {times} runs {counted}\n{at.longrepr}"
        at.outcome = "failed"
        at.user_properties.append(("flaky", counted))
    for one in reports:
        item.ihook.pytest_runtest_logreport(report=one)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """--require=all also holds for the Python tests' own skips; a Fault needs no trace."""
    outcome = yield
    told = outcome.get_result()
    rig = item.config.rig
    if call.excinfo and isinstance(call.excinfo.value, Fault):
        told.longrepr = f"RIG FAULT (not the program's failure): {call.excinfo.value}"
    if told.skipped and "all" in rig.required and not hasattr(told, "wasxfail"):
        reason = report.reason_of(told)
        if NOT_FOR not in reason and "empty parameter set" not in reason:
            told.outcome = "failed"
            told.longrepr = f"required (--require=all), but skipped: {reason}"


class Counter:
    """In the main process: what really ran, and whether that is enough."""

    def __init__(self, rig):
        self.rig, self.ran, self.missed = rig, collections.Counter(), []

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and not report.skipped:
            self.ran[dict(report.user_properties).get("target", "python")] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        if session.config.option.collectonly:
            return
        if exitstatus == 0 and not self.ran:
            session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
        self.missed = self.below_floor(session.config) if exitstatus in (0, 1) else []
        if self.missed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def below_floor(self, config):
        """What a full run should have had and had not."""
        option = config.option
        name = config.getini("crossrig_floor")
        partial = (option.keyword or option.markexpr or option.shard != "1/1" or option.maxfail
                   or getattr(option, "lf", False) or getattr(option, "deselect", None)
                   or getattr(option, "ignore", None) or not whole_suite(config) or self.rig.partial)
        if partial or not name:
            return []
        results = collections.Counter()
        for tally in self.rig.tallies():
            results[tally.target] += tally.results
        out = []
        for who, least in json.loads((process.root() / name).read_text()).items():
            target = self.rig.all_targets.get(who)
            if who == "python" and (option.programs_only or len(self.rig.targets) < least.get("targets", 1)):
                continue
            if who != "python" and (target not in self.rig.targets or target.missing()):
                continue
            for what, number, have in (("tests", least.get("tests", 0), self.ran[who]),
                                       ("results", least.get("results", 0), results[who])):
                if have < number:
                    out.append(f"{who}: {have} {what} ran, but a full run has at least {number} ({name})")
        return out


def pytest_terminal_summary(terminalreporter, config):
    rig = config.rig
    counter = config.pluginmanager.get_plugin("crossrig_counter")
    found = report.gather(terminalreporter, rig)
    if found.reasons:
        terminalreporter.section("skipped, and why")
        for reason, count in found.reasons.most_common():
            terminalreporter.write_line(f"{count:5} × {reason}")
    if not config.option.collectonly:
        report.terminal(terminalreporter, found)
        if counter and not counter.ran:
            terminalreporter.section("NOTHING RAN: that counts as a failure")
        for text in counter.missed if counter else []:
            terminalreporter.write_line(f"TOO FEW: {text}", red=True)
            found.notes.append(text)
    found.header = pytest_report_header(config)
    for name, write, mode in ((config.option.matrix, report.page, "w"),
                              (config.option.summary, report.markdown, "a")):
        if name and not config.option.collectonly:
            path = process.root() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, mode, encoding="utf-8") as f:
                f.write(write(found))
            terminalreporter.write_line(f"the {'matrix' if mode == 'w' else 'summary'} is in {process.shown(path)}")


def pytest_unconfigure(config):
    rig = getattr(config, "rig", None)
    if rig and not rig.worker:
        # Workers that were ended themselves could not end what they had started.
        process.kill_marked(f"{SESSION_VARIABLE}={rig.folder}", f"{process.MARK}=")
        shutil.rmtree(rig.folder, ignore_errors=True)
