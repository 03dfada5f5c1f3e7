"""The rig, told wrong things: each must be found, named, and come with a line that reproduces it."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig import cases, process, stream, targets

HERE = Path(__file__).parent
TESTS = HERE.parent
GOOD = "fn f() -> i64 { return 45; }\n//! f() == 45\n//! f(1) == 7\n"


@pytest.fixture(scope="session")
def fake(tmp_path_factory):
    """A folder with fake programs: `trivet`, and unit tests that end in every way."""
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("fake")
    subprocess.run([compiler, "-o", folder / "trivet", HERE / "fake_trivet.c"], check=True)
    (folder / "unit").mkdir()
    for name, body in {
        "good": 'puts("1 checks, 0 failed"); return 0;',
        "bad": 'puts("unit.c:7: failed: 1 == 2"); return 1;',
        "skips": 'puts("needs a moon"); return 77;',
        "foreign": 'puts("not for this target: Windows only"); return 77;',
        "error": "return 99;",
        "crash": "fflush(stdout); __builtin_trap();",
        "hang": "for (;;) sleep(1);",
        "fork": 'if (fork() == 0) { for (;;) sleep(1); } puts("parent is done"); return 0;',
    }.items():
        source = folder / f"{name}.c"
        source.write_text("#include <stdio.h>\n#include <unistd.h>\nint main(void) { " + body + " }\n")
        subprocess.run([compiler, "-o", folder / "unit" / name, source], check=True)
    return folder


class Project:
    """Cases and units in a folder of their own, run by a pytest of their own."""

    def __init__(self, folder, fake):
        self.folder, self.fake = folder, fake
        self.cases, self.units = folder / "cases", folder / "units"
        self.cases.mkdir()
        self.units.mkdir()
        form, machine = targets.file_machine(fake / "trivet")
        self.row = {
            "name": "fake-linux", "host": True, "compiler": "", "package": "", "nm": "nm", "suffix": "",
            "system": "linux", "format": form, "machine": machine, "runner": "", "runner_package": "",
            "runner_version": "", "trivet": str(fake / "trivet"), "library": "",
            "build": str(fake), "variants": "",
        }
        self.rows = [self.row]

    def case(self, name, text):
        path = self.cases / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def unit(self, name):
        (self.units / f"{name}.c").write_text("")

    def run(self, *args, env=None):
        (self.folder / "targets.json").write_text(json.dumps(self.rows))
        drop = ("PYTEST_", targets.TARGETS_VARIABLE, "CROSSRIG_SESSION")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        environment |= {"PYTHONPATH": f"{TESTS}:{TESTS}/rig", targets.TARGETS_VARIABLE: str(self.folder / "targets.json"),
                        **(env or {})}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "crossrig.plugin", "-p", "rig.plugin", "-o", f"cache_dir={self.folder}/cache", "-c",
             str(targets.ROOT / "pytest.ini"), f"--cases={self.cases}", f"--units={self.units}",
             "--silent=1", "-v", *args, str(self.cases), str(self.units)],
            cwd=targets.ROOT, env=environment, capture_output=True, text=True, timeout=120)
        self.out = done.stdout + done.stderr
        self.status = done.returncode
        return self

    def outcome(self, name):
        match = re.search(rf"{re.escape(name)} (\w+)", self.out)
        return match[1] if match else "absent"


@pytest.fixture
def project(tmp_path, fake):
    return Project(tmp_path, fake)


def test_good_programs_pass(project):
    project.case("arith/good.tv", GOOD)
    project.unit("good")
    project.run()
    assert project.status == 0, project.out
    assert project.outcome("fake-linux::arith/good.tv::interp") == "PASSED", project.out
    assert project.outcome("fake-linux::arith/good.tv::optimized") == "PASSED"
    assert project.outcome("fake-linux::unit/good") == "PASSED"
    assert "4 passed" in project.out


@pytest.mark.parametrize("mark, says", [
    ("answer 44", "FAIL expected another"),
    ("lie 44", "the directive says: 45"),
    ("differ baseline 44", "targets or engines DIFFER"),
    ("forget", "gave no result"),
    ("count", "trivet counts 3 passed"),
    ("rubbish", "rubbish in the output: 'Segmentation fault? No, rubbish'"),
    ("crash", "signal SIGABRT"),
    ("hang", "time-out"),
    ("exit", "ended too early"),
])
def test_bad_program_is_named_and_the_rest_runs(project, mark, says):
    project.case("a.tv", GOOD)
    project.case("bad.tv", GOOD + f"//@ {mark}\n")
    project.case("z.tv", GOOD)
    project.run()
    assert project.status == 1, project.out
    assert says in project.out
    assert project.outcome("fake-linux::bad.tv::baseline") == "FAILED"
    if "differ" in mark:
        assert project.outcome("fake-linux::bad.tv::interp") == "PASSED"
        assert re.search(r"fake-linux baseline +i64:0x000000000000002c  = 44  <-- here", project.out)
        assert re.search(r"fake-linux interp +i64:0x000000000000002d  = 45", project.out)
    for engine in stream.ENGINES:
        assert project.outcome(f"fake-linux::a.tv::{engine}") == "PASSED"
        assert project.outcome(f"fake-linux::z.tv::{engine}") == "PASSED"
    line = re.search(r"reproduce: (\S*/trivet .*bad\.tv.*)", project.out)
    assert line and "--engine=baseline" in project.out


def test_several_crashes_in_one_batch(project):
    for name in "abcdef":
        project.case(f"{name}.tv", GOOD + ("//@ crash\n" if name in "bce" else ""))
    project.run("--engines=interp")
    outcomes = {name: project.outcome(f"fake-linux::{name}.tv::interp") for name in "abcdef"}
    assert outcomes == {n: "FAILED" if n in "bce" else "PASSED" for n in "abcdef"}, project.out


def test_program_without_directives_fails(project):
    project.case("empty.tv", "fn f() -> i64 { return 1; }\n")
    project.run()
    assert project.status == 1 and "there is no directive" in project.out


@pytest.mark.parametrize("mode, says", [
    ("no-greeting", "no greeting 'trivet-stream 1 fake-linux …': its first line was 'Hello!'"),
    ("silent", "it wrote nothing"),
    ("other-target", "its first line was 'trivet-stream 1 z80-cpm"),
    ("late", "after the last program: exit status 5"),
    ("bye", "trivet said 'bye 2 2', but was given 1 programs and wrote 2 results"),
])
def test_trivet_itself_is_broken(project, mode, says):
    project.case("a.tv", GOOD)
    project.run(env={"FAKE": mode})
    assert project.status == 1, project.out
    assert says in project.out
    # Without a greeting nothing was tested: the rig's fault, an error.
    assert project.outcome("fake-linux::a.tv::interp") == ("FAILED" if mode in ("late", "bye") else "ERROR")
    assert ("RIG FAULT" in project.out) == (mode not in ("late", "bye")), project.out


def test_trivet_says_77(project):
    project.case("a.tv", GOOD)
    project.run(env={"FAKE": "skip"})
    assert "3 × this machine has no flux capacitor" in project.out
    assert project.status == 5, "nothing ran, and that is a failure"
    project.run("--require=all", env={"FAKE": "skip"})
    assert project.status == 1
    assert project.outcome("fake-linux::a.tv::interp") == "FAILED"


def test_binary_of_another_machine(project):
    project.case("a.tv", GOOD)
    project.unit("good")
    project.row["machine"] = 2
    project.run()
    assert project.status == 1
    assert "is not a program for fake-linux: ELF machine" in project.out
    assert project.outcome("fake-linux::a.tv::interp") == "ERROR"
    assert project.outcome("fake-linux::unit/good") == "ERROR"


def test_binary_that_is_missing_or_a_script(project, tmp_path):
    project.case("a.tv", GOOD)
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    for path, says in ((tmp_path / "nowhere", "No such file"), (script, "neither ELF nor PE")):
        project.row["trivet"] = str(path)
        project.run()
        assert project.status == 1 and says in project.out


def test_missing_emulator(project):
    other = dict(project.row, name="other-linux", host=False, runner="no-such-emulator",
                 runner_package="no-such-package")
    project.rows.append(other)
    project.case("a.tv", GOOD)
    reason = "other-linux: the emulator no-such-emulator is not installed (Debian: no-such-package)"
    project.run()
    assert project.status == 0, project.out
    assert project.outcome("fake-linux::a.tv::interp") == "PASSED"
    assert project.outcome("other-linux::a.tv::interp") == "SKIPPED"
    assert f"3 × {reason}" in project.out
    for required in ("other-linux", "all"):
        project.run(f"--require={required}")
        assert project.status == 1
        assert project.outcome("fake-linux::a.tv::interp") == "PASSED"
        assert project.outcome("other-linux::a.tv::interp") == "FAILED"
        assert reason in project.out
    project.run("--require=fake-linux")
    assert project.status == 0, project.out
    project.run("--targets=other-linux")
    assert project.status == 5 and "NOTHING RAN" in project.out


def test_unit_outcomes(project):
    names = ("good", "bad", "skips", "foreign", "error", "crash", "fork")
    for name in names:
        project.unit(name)
    project.case("a.tv", GOOD)
    project.run()
    outcomes = {name: project.outcome(f"fake-linux::unit/{name}") for name in names}
    assert outcomes == {"good": "PASSED", "bad": "FAILED", "skips": "SKIPPED", "foreign": "SKIPPED",
                        "error": "FAILED", "crash": "FAILED", "fork": "PASSED"}, project.out
    assert "unit.c:7: failed: 1 == 2" in project.out
    assert "1 × needs a moon" in project.out
    assert "exit status 99 (hard error)" in project.out
    assert re.search(r"crash: signal SIG(ILL|TRAP)", project.out)
    assert re.search(r"reproduce: \S+/unit/crash", project.out)
    project.run("--require=all")
    assert project.outcome("fake-linux::unit/skips") == "FAILED"
    assert project.outcome("fake-linux::unit/foreign") == "SKIPPED"


def test_emulator_that_did_not_start_is_started_again(tmp_path):
    """Wine's rare failure before the program runs is nobody's result; all else stands as it is."""
    target = targets.load_targets()["x86_64-windows"]
    script = tmp_path / "wine"
    message = "err:virtual:virtual_alloc_first_teb wine: failed to map the shared user data"
    for times, said, status, starts in ((1, message, 0, 2), (9, message, 1, 3), (9, "something else", 1, 1)):
        count = tmp_path / f"count-{starts}"
        script.write_text(f"#!/bin/sh\necho >>{count}\n[ $(wc -l <{count}) -gt {times} ] && exit 0\n"
                          f"echo '{said}: c0000018' >&2\nexit 1\n")
        ended = process.run(target, ["sh", str(script)])
        assert (ended.status, count.read_text()) == (status, "\n" * starts)


def test_hanging_unit_test_is_killed(fake, monkeypatch):
    row = Project.__new__(Project)
    form, machine = targets.file_machine(fake / "trivet")
    target = targets.Target(
        name="t", base="t", host=True, compiler="", package="", nm="", suffix="", system="linux", format=form,
        machine=machine, runner="", runner_package="", runner_version="", trivet="", library="", build="")
    ended = process.run(target, [str(fake / "unit" / "hang")], total=0.3)
    assert ended.timed_out and ended.how.startswith("time-out")
    ended = process.run(target, [str(fake / "unit" / "fork")], total=5)
    assert ended.how == "" and ended.out == b"parent is done\n"
    ours = {str(fake / "unit" / name).encode() for name in ("hang", "fork")}
    deadline = time.monotonic() + 10  # a killed process may take a moment to be gone
    while left := [p for p in Path("/proc").glob("[0-9]*/cmdline") if command_of(p) in ours]:
        assert time.monotonic() < deadline, f"orphans are left: {left}"
        time.sleep(0.05)


def command_of(cmdline):
    try:
        return cmdline.read_bytes().split(b"\0")[0]
    except OSError:  # it has ended meanwhile
        return b""


def test_nothing_collected_is_a_failure(project):
    project.run()
    assert project.status == 5
    project.case("a.tv", GOOD)
    project.run("-k", "nothing_is_called_so")
    assert project.status == 5


def test_wrong_options(project):
    project.case("a.tv", GOOD)
    for option in ("--targets=vax-vms", "--require=vax-vms", "--engines=steam", "--shard=3/2", "--shard=x"):
        project.run(option)
        assert project.status == 4, option


def test_shards_are_a_partition(project):
    for i in range(12):
        project.case(f"c{i}.tv", GOOD)
    seen = []
    for i in (1, 2, 3):
        project.run(f"--shard={i}/3", "--engines=interp")
        assert project.status == 0, project.out
        seen += re.findall(r"::(c\d+\.tv)::interp PASSED", project.out)
    assert sorted(seen) == sorted(f"c{i}.tv" for i in range(12))


def test_workers_share_batches(project):
    pytest.importorskip("xdist", reason="python3-pytest-xdist is not installed")
    for i in range(6):
        project.case(f"c{i}.tv", GOOD + ("//@ crash\n" if i == 3 else ""))
    project.run("-n", "2")
    assert "3 failed, 15 passed" in project.out, project.out
    assert "signal SIGABRT" in project.out


def test_select_by_id(project):
    project.case("a.tv", GOOD)
    project.case("b.tv", GOOD)
    project.run("-k", "fake-linux::a.tv::baseline")
    assert project.status == 0 and "1 passed" in project.out
    assert re.search(r"baseline +1 programs +2 results", project.out)


def test_nothing_is_left_behind(project):
    before = set(process.scratch_directory().iterdir())
    project.case("a.tv", GOOD + "//@ hang\n")
    project.run()
    after = set(process.scratch_directory().iterdir())
    # Others may be running beside us; ours are gone when nothing is newer than this test's own files.
    stamp = (project.folder / "targets.json").stat().st_mtime
    assert not [p for p in after - before if p.name.startswith("session-") and p.stat().st_mtime >= stamp
                and not p.exists()]


def test_junit(project, tmp_path):
    project.case("a.tv", GOOD + "//@ answer 1\n")
    project.run(f"--junitxml={tmp_path / 'report.xml'}")
    report = (tmp_path / "report.xml").read_text()
    assert re.search(r'fake-linux.*a\.tv.*baseline', report) and "FAIL expected another" in report


def test_matrix(project, tmp_path):
    project.case("arith/a.tv", GOOD)
    project.case("arith/<b>.tv", GOOD + "//@ answer 1\n")
    project.unit("skips")
    project.run(f"--matrix={tmp_path / 'matrix.html'}")
    page = (tmp_path / "matrix.html").read_text()
    assert "<th>arith<td class='failed first'>1 ✗ of 2" in page, page
    assert "needs a moon" in page and "FAIL expected another" in page
    assert "<b>" not in page


# ---- the parts ----


def test_directive_lines():
    text = b"//! f() == 1\nlet x; // no\n  //! g() traps out-of-bounds\n//! program p\n//!f(2)\n"
    assert cases.directive_lines(text) == {1: "f() == 1", 3: "g() traps out-of-bounds", 5: "f(2)"}


@pytest.mark.parametrize("value, number", [
    ("i32:0xfffffff9", "-7"), ("u32:0xfffffff9", "4294967289"), ("i64:0x8000000000000000", str(-2**63)),
    ("bool:0x00000001", "true"), ("f64:0x3ff8000000000000", "1.5"), ("f32:0x7f800000", "inf"),
    ("trap:unreachable@f:1", ""),
])
def test_decimal(value, number):
    assert cases.decimal(value) == number


@pytest.mark.parametrize("directive, value, wrong", [
    ("f() == 45", "i64:0x000000000000002d", False),
    ("f() == 45", "i64:0x000000000000002e", True),
    ("f() == -1", "i32:0xffffffff", False),
    ("f() == -0x8000_0000", "i32:0x80000000", False),
    ("f() == 7u32", "u32:0x00000007", False),
    ("f() == 7u32", "trap:unreachable@f:1", True),
    ("f() traps divide-by-zero", "trap:divide-by-zero@f:9", False),
    ("f() traps divide-by-zero", "trap:unreachable@f:9", True),
    ("f() traps divide-by-zero", "i64:0x0000000000000000", True),
    ("f() == 1.5", "f64:0x0000000000000000", False),  # left to trivet
])
def test_second_opinion(directive, value, wrong):
    assert bool(cases.second_opinion(directive, stream.Result(1, "f()", value, "ok"))) == wrong


def test_consensus():
    assert cases.consensus(["a", "a", "b"]) == "a"
    assert cases.consensus(["a", "b"]) is None
    assert cases.consensus(["a"]) == "a"


def test_every_toolchain_is_understood():
    known = targets.load_targets()
    assert {"x86_64-linux", "aarch64-linux", "x86_64-windows"} <= set(known)
    assert known["x86_64-windows"].format == "PE" and known["x86_64-windows"].machine == 0x8664
    assert known["aarch64-linux"].format == "ELF" and known["aarch64-linux"].machine == 183


def test_bits_are_shown_as_shortest_decimals():
    from rig import cases
    for bits, text in (("0x7f7fffff", "3.4028235e+38"), ("0x00000001", "1e-45"), ("0x3dcccccd", "0.1"),
                       ("0xff800000", "-inf"), ("0x80000000", "-0.0")):
        assert cases.readable("f32:" + bits) == text
    assert cases.readable("f64:0x7fefffffffffffff") == "1.7976931348623157e+308"
