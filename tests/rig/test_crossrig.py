"""crossrig on projects that are not Trivet: the one in foreign/, and what goes wrong for users of such a plugin."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

import pytest

from rig import process, targets

HERE = Path(__file__).parent
ROOT = targets.ROOT
NAMES = ("x86_64-linux", "aarch64-linux", "x86_64-windows")


class Project:
    """A copy of foreign/, or a project of the test's own, and a pytest of its own to run it."""

    def __init__(self, folder):
        self.folder = folder
        self.lines = {"crossrig_toolchains": f"{ROOT}/toolchains/*.mk", "crossrig_programs": "tests/*.c"}
        (folder / "tests").mkdir()

    def source(self, name, text):
        (self.folder / "tests" / f"{name}.c").write_text(text)

    def toolchain(self, name, text):
        (self.folder / "toolchains").mkdir(exist_ok=True)
        (self.folder / "toolchains" / f"{name}.mk").write_text(text)
        self.lines["crossrig_toolchains"] = "toolchains/*.mk"

    def command(self, *args):
        (self.folder / "pytest.ini").write_text(
            "[pytest]\ncache_dir = build/pytest\n" + "".join(f"{k} = {v}\n" for k, v in self.lines.items()))
        return [sys.executable, "-m", "pytest", "-p", "crossrig.plugin", "-v", *args]

    def environment(self):
        drop = ("PYTEST_", "CROSSRIG_SESSION", "TRIVET_RIG", "CROSSRIG_RUN")
        env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        return env | {"PYTHONPATH": str(HERE), "CROSSRIG_WINEPREFIX": str(ROOT / "build" / "wine")}

    def run(self, *args, env=None):
        done = subprocess.run(self.command(*args), cwd=self.folder, env={**self.environment(), **(env or {})},
                              capture_output=True, text=True, errors="replace", timeout=300)
        self.out, self.status = done.stdout + done.stderr, done.returncode
        return self

    def outcome(self, name):
        match = re.search(rf"^{re.escape(name)} (PASSED|FAILED|SKIPPED|ERROR)", self.out, re.M)
        return match[1] if match else "absent"

    def left(self):
        """Files of runs and sessions that are still there."""
        return [p.name for p in (self.folder / "build" / "rig").iterdir()]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def native(project):
    """Of this machine only: what is shown does not depend on the target."""
    text = (ROOT / "toolchains" / f"{host().name}.mk").read_text()
    project.toolchain(host().name, re.sub(r"VARIANTS =(.*\\\n)*.*\n", "", text))
    return project


def host():
    return next(t for t in targets.load_targets().values() if t.host and not t.variant)


def runnable(names):
    known = targets.load_targets()
    missing = [known[n].missing() for n in names if known[n].missing()]
    if missing:
        pytest.skip(missing[0])


# ---- what it is for ----


def test_a_project_of_ten_lines_on_three_targets(project):
    runnable(NAMES)
    for path in (HERE / "foreign" / "tests").glob("*.c"):
        shutil.copy(path, project.folder / "tests")
    project.lines["crossrig_compare"] = "yes"
    project.run("--limit=1", f"--junitxml={project.folder}/report.xml", "--matrix=build/page.html",
                "--summary=build/summary.md", "--no-header", "-rs")
    assert project.status == 1, project.out
    wanted = {"pass": "PASSED", "skip": "SKIPPED", "fail": "FAILED", "crash": "FAILED", "hang": "FAILED"}
    got = {(t, n): project.outcome(f"{t}::tests/{n}") for t in NAMES for n in wanted}
    assert got == {(t, n): o for t in NAMES for n, o in wanted.items()}, project.out
    # Outcomes are told in the target's own words.
    for target in NAMES:
        said = report_of(project.out, f"{target}::tests/crash")
        assert ("Windows: access violation" if "windows" in target else "signal SIGSEGV") in said, said
        assert "time-out after" in report_of(project.out, f"{target}::tests/hang")
        assert "expected 4, got 5" in report_of(project.out, f"{target}::tests/fail")
    assert "3 × needs a network" in project.out
    # char is unsigned on Arm: the odd one out fails, and says who printed what.
    assert [project.outcome(f"{t}::tests/differ") for t in NAMES] == ["PASSED", "FAILED", "PASSED"]
    said = report_of(project.out, "aarch64-linux::tests/differ")
    assert "targets DIFFER in line 1" in said and re.search(r"aarch64-linux +200  <-- here", said), said
    assert len(re.findall(r"x86_64-\w+ +-56$", said, re.M)) == 2
    # The canaries have run with every target.
    for target in NAMES:
        assert [project.outcome(f"{target}::canary/{w}") for w in ("fail", "crash", "hang")] == ["PASSED"] * 3
    # And every report has it.
    cases = xml.etree.ElementTree.parse(project.folder / "report.xml").getroot().iter("testcase")
    failed = {c.get("name") for c in cases if c.find("failure") is not None}
    assert failed == {"tests/fail", "tests/crash", "tests/hang", "tests/differ"}
    page = (project.folder / "build" / "page.html").read_text()
    assert "3 × needs a network" in page and "qemu-aarch64 version" in page and "http" not in page
    assert "| aarch64-linux |" in (project.folder / "build" / "summary.md").read_text()
    assert project.left() == []


def test_the_documentation_shows_this_project():
    page = (ROOT / "docs" / "rig.md").read_text()
    for line in (HERE / "foreign" / "pytest.ini").read_text().splitlines():
        assert line.replace("../../../", "") in page
    for path in (HERE / "foreign" / "tests").glob("*.c"):
        assert f"tests/{path.name}" in page
    keys = re.search(r"KEYS := ((?:.*\\\n)*.*)", (HERE / "crossrig" / "toolchain.mk").read_text())[1].split()
    for key in set(keys) - {"\\", "CFLAGS", "TARGET_CFLAGS"}:
        assert key in page, key


def report_of(out, nodeid):
    """What stands below the test's own line in the section of failures."""
    match = re.search(rf"^_+ {re.escape(nodeid)} .*?_+$(.*?)(?=^_+ \S+ .*_+$|^=+ )", out, re.M | re.S)
    return match[1] if match else ""


def uthash_examples():
    """The tests that come with uthash, as Debian ships them; fetched when the system does not keep documentation."""
    system = Path("/usr/share/doc/uthash-dev/examples")
    if (system / "test1.c").exists() and Path("/usr/include/uthash.h").exists():
        return system, Path("/usr/include")
    here = ROOT / "build" / "uthash"
    unpacked = here / "usr/share/doc/uthash-dev/examples"
    if not (unpacked / "test1.c").exists():
        here.mkdir(parents=True, exist_ok=True)
        if not shutil.which("apt-get"):
            pytest.skip("uthash-dev is not installed (Debian: uthash-dev)")
        got = subprocess.run(["apt-get", "download", "-q", "uthash-dev"], cwd=here, capture_output=True, text=True)
        files = sorted(here.glob("uthash-dev_*.deb"))
        if got.returncode or not files:
            pytest.skip("uthash-dev is not installed, and cannot be fetched (Debian: uthash-dev)")
        subprocess.run(["dpkg-deb", "-x", files[-1], here], check=True)
    return unpacked, here / "usr/include"


def test_anothers_unmodified_tests(project):
    """uthash's own tests, for our toolchain files, on all targets: they pass and print the same."""
    runnable(NAMES)
    examples, include = uthash_examples()
    shutil.copytree(include, project.folder / "include",
                    ignore=lambda folder, names: [n for n in names if not n.startswith("ut")])
    chosen = [p for p in sorted(examples.glob("test*.c")) if portable(p)]
    assert len(chosen) >= 60
    chosen = chosen[::4]  # compiling all of them three times would take half a minute
    for path in chosen:
        shutil.copy(path, project.folder / "tests")
    project.lines |= {"crossrig_compare": "yes", "crossrig_flags": "-Iinclude -w"}
    project.run("-n2", "--limit=20", "--require=all", "-q")
    said = re.findall(r"^FAILED (\S+)", project.out, re.M)
    assert project.status == 0 and f"{(len(chosen) + 8) * 3} passed" in project.out, (said, project.out[-6000:])


def portable(path):
    """C alone: no header of a system's, no file beside it, no address printed."""
    text = path.read_text(errors="replace")
    own = set(re.findall(r'#include "(\w+\.h)"', text)) <= {
        "uthash.h", "utlist.h", "utarray.h", "utstring.h", "utstack.h", "utringbuffer.h"}
    headers = set(re.findall(r"#include <(\S+)>", text))
    return own and headers <= {"stdio.h", "stdlib.h", "string.h", "stddef.h", "stdint.h", "inttypes.h",
                               "assert.h", "limits.h", "ctype.h", "time.h"} and not re.search(r"fopen|%p|rand\(", text)


# ---- outcomes, one machine ----


QUICK = "#include <stdio.h>\nint main(void) { puts(\"fine\"); return 0; }\n"


def test_hard_error_flood_rubbish_and_half_a_line(native):
    native.source("a_fine", QUICK)
    native.source("error", "int main(void) { return 99; }\n")
    native.source("flood", "#include <stdio.h>\nint main(void) { for (;;) puts(\"0123456789abcdef0123456789abcdef\"); }\n")
    native.source("rubbish", "#include <stdio.h>\nint main(void) { fwrite(\"\\0\\377\\376\\033[2J\\n\", 1, 8, stdout); return 1; }\n")
    native.source("half", "#include <stdio.h>\n#include <signal.h>\n"
                  "int main(void) { printf(\"half a li\"); fflush(stdout); raise(SIGKILL); return 0; }\n")
    native.source("silent", "int main(void) { return 77; }\n")
    native.source("z_fine", QUICK)
    native.run("-k", "tests/")
    name = host().name
    got = {n: native.outcome(f"{name}::tests/{n}")
           for n in ("a_fine", "error", "flood", "rubbish", "half", "silent", "z_fine")}
    assert got == {"a_fine": "PASSED", "error": "FAILED", "flood": "FAILED", "rubbish": "FAILED", "half": "FAILED",
                   "silent": "SKIPPED", "z_fine": "PASSED"}, native.out
    assert "exit status 99 (hard error)" in native.out
    assert "wrote more than 64 MiB" in native.out and len(native.out) < 100000
    assert "\\xff\\xfe" in native.out and "\033[2J" not in report_of(native.out, f"{name}::tests/rubbish")
    assert "signal SIGKILL\nhalf a li" in native.out
    assert "1 × exit status 77 without a reason" in native.out
    assert native.left() == []


STUBBORN = """#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fork() == 0) {
		setsid();   /* away from the group that is killed */
		if (fork() != 0)
			_exit(0);
		for (;;)
			sleep(1);
	}
	%s
}
"""


@pytest.mark.parametrize("then, outcome", [("puts(\"parent is done\"); return 0;", "PASSED"),
                                           ("for (;;) sleep(1);", "FAILED")])
def test_no_orphans(native, then, outcome):
    native.source("stubborn", STUBBORN % then)
    native.run("-k", "stubborn", "--limit=0.5")
    assert native.outcome(f"{host().name}::tests/stubborn") == outcome, native.out
    assert no_process_of(native.folder) == []
    assert native.left() == []


def no_process_of(folder):
    """Command lines of what still runs a program below a folder; the killed get a moment to go."""
    deadline = time.monotonic() + 10
    while True:
        left = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().split(b"\0")
                where = os.readlink(path.with_name("cwd"))
            except OSError:
                continue
            if where == str(folder) and b"build/" in b" ".join(line):
                left.append(line)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_interrupted(native, workers):
    """Ctrl-C: everything ends at once, and what was done is told."""
    if workers:
        pytest.importorskip("xdist", reason="python3-pytest-xdist is not installed")
    native.source("a_fine", QUICK)
    native.source("b_stubborn", STUBBORN % "for (;;) sleep(1);")
    native.source("c_stubborn", STUBBORN % "for (;;) sleep(1);")
    child = subprocess.Popen(native.command("-k", "tests/", "--limit=100", *workers), cwd=native.folder,
                             env=native.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             # Whoever runs these tests in the background may have Ctrl-C ignored.
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    program = str(native.folder / "build" / host().name / "tests" / "b_stubborn")
    deadline = time.monotonic() + 60
    while not running(program) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(program)
    time.sleep(0.3)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    out = child.communicate(timeout=30)[0]
    assert time.monotonic() - start < 20
    assert child.returncode == 2 and "KeyboardInterrupt" in out, out
    assert re.search(rf"{host().name}::tests/a_fine.*PASSED|PASSED {host().name}::tests/a_fine", out), out
    assert re.search(r"matrix =", out) and "1 passed" in out
    assert no_process_of(native.folder) == []
    assert native.left() == []


def running(program):
    for path in Path("/proc").glob("[0-9]*/exe"):
        try:
            if os.readlink(path) == program:
                return True
        except OSError:
            pass
    return False


def test_killed_rigs_leave_nothing_for_long(native):
    native.source("a_fine", QUICK)
    old = native.folder / "build" / "rig" / "session-4194999-x"  # beyond the largest process number
    old.mkdir(parents=True)
    (old / "targets").write_bytes(b"")
    native.run("-k", "tests/")
    assert native.status == 0 and not old.exists(), native.out


def test_flaky_is_said(native):
    native.source("steady", QUICK)
    native.source("flaky", "#include <stdio.h>\nint main(void)\n{\n\tFILE *f = fopen(\"state\", \"r\");\n\tif (f)\n\t\t"
                  "return remove(\"state\") ? 2 : 1;\n\treturn !fopen(\"state\", \"w\");\n}\n")
    (native.folder / "test_python.py").write_text(
        "import itertools\nseen = itertools.count()\ndef test_flaky(): assert next(seen) % 2 == 0\n"
        "def test_steady(tmp_path): assert tmp_path.exists()\n")
    native.run("--repeat=3", "-k", "flaky or steady")
    assert native.status == 1, native.out
    name = host().name
    assert native.outcome(f"{name}::tests/steady") == "PASSED", native.out
    assert native.outcome(f"{name}::tests/flaky") == "FAILED"
    assert native.outcome("test_python.py::test_flaky") == "FAILED"
    assert native.outcome("test_python.py::test_steady") == "PASSED"
    assert native.out.count("FLAKY: of 3 runs 2 passed, 1 failed") >= 2
    assert re.search(rf"FLAKY: {name}::tests/flaky: 2 passed, 1 failed", native.out)
    native.run("--repeat=0")
    assert native.status == 4


def test_fewer_than_the_floor_is_a_failure(native):
    native.source("a", QUICK)
    native.source("b", QUICK)
    name = host().name
    native.lines["crossrig_floor"] = "floor.json"
    floor = native.folder / "floor.json"
    floor.write_text(json.dumps({name: {"tests": 10}, "vax-vms": {"tests": 9}}))
    assert native.run().status == 0, native.out  # two programs, eight canaries
    floor.write_text(json.dumps({name: {"tests": 11}}))
    assert native.run().status == 1
    assert f"TOO FEW: {name}: 10 tests ran, but a full run has at least 11 (floor.json)" in native.out
    # Who asks for a part gets a part.
    assert native.run("-k", "tests/a").status == 0
    assert native.run("--shard=1/2").status == 0
    floor.write_text(json.dumps({name: {"results": 1}}))
    assert "0 results ran" in native.run().out


def test_programs_made_by_the_projects_own_build(native):
    native.source("a_one", QUICK)
    native.source("two", "int main(void) { return 1; }\n")
    native.lines |= {"crossrig_programs": "out/{target}/t_*{suffix}", "crossrig_build": "sh build.sh {target}"}
    (native.folder / "build.sh").write_text(
        "set -e\nmkdir -p out/$1\nfor f in tests/*.c; do cc -o out/$1/t_$(basename $f .c) $f; done\n")
    native.run("-k", "t_")
    name = host().name
    assert native.outcome(f"{name}::out/t_a_one") == "PASSED", native.out
    assert native.outcome(f"{name}::out/t_two") == "FAILED"
    (native.folder / "build.sh").write_text("echo 'fatal error: no such thing'; exit 3\n")
    native.run("-k", "t_")
    assert native.outcome(f"{name}::out/t_a_one") == "ERROR"
    assert "RIG FAULT" in native.out and "fatal error: no such thing" in native.out


def test_a_program_that_does_not_compile(native):
    native.source("a_fine", QUICK)
    native.source("bad", "int main(void) { return nonsense; }\n")
    native.run("-k", "tests/")
    assert native.outcome(f"{host().name}::tests/bad") == "ERROR" and "nonsense" in native.out
    assert native.outcome(f"{host().name}::tests/a_fine") == "PASSED"


# ---- toolchain files ----


MINIMAL = "SYSTEM = linux\nMACHINE = ELF 62\nCC = gcc\n"


@pytest.mark.parametrize("text, says", [
    (MINIMAL + "RUNER = qemu\n", "toolchains/t.mk: unknown key RUNER"),
    ("SYSTEM = linux\nMACHINE = ELF 62\nCC =\n", "toolchains/t.mk: there is no CC"),
    (MINIMAL.replace("linux", "cpm"), "SYSTEM = cpm: it is linux or windows"),
    (MINIMAL.replace("ELF 62", "ELF"), "MACHINE = ELF: it is ELF or PE and a number"),
    (MINIMAL + "VARIANTS = a:b\n", "VARIANTS: 'a:b': it is NAME:RUNNER ARGUMENTS:PROGRAM ARGUMENTS"),
    (MINIMAL + "ifeq (a\n", "toolchains/t.mk"),
])
def test_bad_toolchain_file(project, text, says):
    project.toolchain("t", text)
    project.run()
    assert project.status == 4 and says in project.out, project.out
    assert len([line for line in project.out.splitlines() if line.startswith("ERROR")]) == 1
    assert "Traceback" not in project.out


def test_no_toolchain_file(project):
    project.lines["crossrig_toolchains"] = "nowhere/*.mk"
    assert "no toolchain file nowhere/*.mk" in project.run().out and project.status == 4


def test_missing_tools_name_their_package(project):
    project.source("a", QUICK)
    project.toolchain("no-cc", MINIMAL.replace("gcc", "z80-gcc") + "PACKAGE = gcc-z80\n")
    project.toolchain("no-emulator", MINIMAL + "RUNNER = qemu-z80\nRUNNER_PACKAGE = qemu-z80-user\n")
    project.toolchain("no-cpu", MINIMAL + "RUNNER = qemu-x86_64 -cpu z80\nRUNNER_PACKAGE = qemu-user\n")
    project.run("-k", "tests/")
    assert project.status == 5, "nothing ran"
    assert "1 × no-cc: the compiler z80-gcc is not installed (Debian: gcc-z80)" in project.out
    assert "1 × no-emulator: the emulator qemu-z80 is not installed (Debian: qemu-z80-user)" in project.out
    assert project.run("-k", "tests/", "--require=no-cc").status == 1
    assert project.outcome("no-cc::tests/a") == "FAILED" and project.outcome("no-emulator::tests/a") == "SKIPPED"
    assert "1 × no-cpu: qemu-x86_64 knows no CPU z80" in project.out or "no-cpu: the emulator" in project.out


@pytest.mark.parametrize("option, says", [
    ("--targets=vax-vms", "no target 'vax-vms'; there are: all host variants"),
    ("--require=vax-vms", "--require: no target 'vax-vms'"),
    ("--shard=3/2", "--shard=3/2: expected I/N with 1 <= I <= N"),
    ("--shard=0/2", "--shard=0/2"), ("--shard=x", "--shard=x"),
])
def test_bad_options(native, option, says):
    native.run(option)
    assert native.status == 4 and says in native.out and "Traceback" not in native.out


# ---- a machine at the end of ssh ----


@pytest.fixture
def board(native):
    """A stand-in for ssh that runs what it is given here, in a home of its own, and keeps a log."""
    home, tools = native.folder / "board", native.folder / "tools"
    home.mkdir()
    tools.mkdir()
    fake = tools / "ssh"
    fake.write_text("#!/bin/sh\n"
                    f"echo \"$*\" >>{native.folder}/log\n"
                    "while case $1 in -o) shift 2;; -*) shift;; *) false;; esac; do :; done\n"
                    "[ \"$1\" = board ] || { echo \"ssh: Could not resolve hostname $1\" >&2; exit 255; }\n"
                    f"cd {home} && exec sh -c \"$2\"\n")
    fake.chmod(0o755)
    file = next((native.folder / "toolchains").glob("*.mk"))
    text = file.read_text() + "RUNNER = ssh board\nRUNNER_PACKAGE = openssh-client\n"
    file.write_text(text)
    native.path = {"PATH": f"{tools}:{os.environ['PATH']}"}
    native.file = file
    return native


def test_runner_over_ssh(board):
    for path in (HERE / "foreign" / "tests").glob("*.c"):
        shutil.copy(path, board.folder / "tests")
    board.run("--limit=1", env=board.path)
    name = host().name
    got = {n: board.outcome(f"{name}::tests/{n}") for n in ("pass", "skip", "fail", "crash", "hang")}
    assert got == {"pass": "PASSED", "skip": "SKIPPED", "fail": "FAILED", "crash": "FAILED", "hang": "FAILED"}, board.out
    assert "signal SIGSEGV" in report_of(board.out, f"{name}::tests/crash")
    assert [board.outcome(f"{name}::canary/{w}") for w in ("fail", "crash", "hang", "error")] == ["PASSED"] * 4
    log = (board.folder / "log").read_text()
    assert "BatchMode=yes" in log and log.count("cat >") == len(list((board.folder / "tests").iterdir())) + 1
    copied = [p.name for p in (board.folder / "board" / ".crossrig").glob("*/*")]
    assert "pass" in copied and "canary" in copied and not [n for n in copied if "." in n]
    assert no_process_of(board.folder / "board") == []


def test_ssh_passes_words_files_and_input(board):
    script = HERE / "crossrig" / "ssh"
    data = board.folder / "it's data"
    data.write_text("inside\n")
    done = subprocess.run([script, "board", "cat", "-", data], input="from here\n", cwd=board.folder, text=True,
                          env={**os.environ, **board.path}, capture_output=True)
    assert done.stdout == "from here\ninside\n" and done.returncode == 0, done.stderr
    done = subprocess.run([script, "board", "printf", "%s|", "a b", "$HOME", "'", "*"], text=True,
                          env={**os.environ, **board.path}, capture_output=True)
    assert done.stdout == "a b|$HOME|'|*|"


def test_a_machine_that_cannot_be_reached(board):
    board.source("a", QUICK)
    board.file.write_text(board.file.read_text().replace("ssh board", "ssh elsewhere"))
    board.run("-k", "tests/", env=board.path)
    assert board.status == 1 and "crossrig: elsewhere: cannot be reached" in board.out, board.out
