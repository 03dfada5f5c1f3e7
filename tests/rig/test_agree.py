"""scripts/agree.py on a fake trivet: what it prints, and its exit status."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rig import targets

HERE = Path(__file__).parent
GOOD = "fn f() -> i64 { return 45; }\n//! f() == 45\n//! f(1) == 7\n"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    compiler = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("agree")
    subprocess.run([compiler, "-o", folder / "trivet", HERE / "fake_trivet.c"], check=True)
    form, machine = targets.file_machine(folder / "trivet")
    row = {"name": "fake-linux", "host": True, "compiler": "", "package": "", "nm": "nm", "suffix": "",
           "system": "linux", "format": form, "machine": machine, "runner": "", "runner_package": "",
           "runner_version": "", "trivet": str(folder / "trivet"), "library": "", "build": str(folder),
           "variants": ""}
    return folder, row


class Outcome:
    def __init__(self, done):
        self.status, self.out = done.returncode, done.stdout + done.stderr


@pytest.fixture
def agree(tmp_path, fake):
    def run(programs, *args, rows=None, files=None, env=None):
        for name, text in programs.items():
            (tmp_path / name).write_text(text)
        (tmp_path / "targets.json").write_text(json.dumps(rows or [fake[1]]))
        kept = {k: v for k, v in os.environ.items() if k not in ("REQUIRE", "BITS", "TARGETS", "FILES")}
        environment = {**kept, targets.TARGETS_VARIABLE: str(tmp_path / "targets.json"), **(env or {})}
        files = [str(tmp_path / f) for f in (programs if files is None else files)]
        return Outcome(subprocess.run([sys.executable, targets.ROOT / "scripts" / "agree.py", *args, *files],
                                      env=environment, capture_output=True, text=True, timeout=60))
    return run


def test_all_equal(agree):
    done = agree({"a.tv": GOOD, "my b$.tv": GOOD})
    assert done.status == 0, done.out
    assert re.search(r"^  f\(\) +45 +=  *=  *=$", done.out, re.M), done.out
    assert "All equal: 4 calls of 2 programs, 3 combinations of target and engine" in done.out
    assert "my b$.tv" in done.out


def test_bits(agree):
    done = agree({"a.tv": GOOD}, "--bits")
    assert done.status == 0 and re.search(r"f\(\) +i64:0x000000000000002d +=", done.out)
    assert "0x000000000000002d" in agree({"a.tv": GOOD}, env={"BITS": "1"}).out


def test_difference_is_loud(agree):
    done = agree({"a.tv": GOOD + "//@ differ baseline 44\n"})
    assert done.status == 1
    assert re.search(r"^  f\(\) +45 +=  *DIFFERS +=$", done.out, re.M), done.out
    assert "DIFFERENCE" in done.out and "i64:0x000000000000002c  = 44" in done.out
    assert re.search(r"reproduce: \S+/trivet run --bits --engine=baseline \S+/a\.tv 'f\(\)'", done.out)


@pytest.mark.parametrize("mark, says", [
    ("answer 44", "WRONG: FAIL expected another"), ("lie 44", "the directive says: 45"),
    ("crash", "signal SIGABRT"), ("forget", "no result for line 3"), ("rubbish", "rubbish in the output"),
])
def test_bad_program(agree, mark, says):
    done = agree({"a.tv": GOOD, "bad.tv": GOOD + f"//@ {mark}\n", "z.tv": GOOD})
    assert done.status == 1 and says in done.out and "FAILED:" in done.out, done.out


def test_target_that_cannot_run(agree, fake):
    other = dict(fake[1], name="other-linux", host=False, runner="no-such-emulator", runner_package="some-package")
    done = agree({"a.tv": GOOD}, rows=[fake[1], other])
    assert done.status == 0, done.out
    assert "skipped: other-linux: the emulator no-such-emulator is not installed (Debian: some-package)" in done.out
    assert re.search(r"f\(\) +45 +=  *=  *=  +-  *-  *-$", done.out, re.M), done.out
    assert agree({"a.tv": GOOD}, "--require=all", rows=[fake[1], other]).status == 1
    assert agree({"a.tv": GOOD}, rows=[other]).status == 77


def test_usage(agree, tmp_path):
    assert agree({}, files=["nowhere.tv"]).status == 2
    assert agree({"a.tv": GOOD}, "--targets=vax-vms").status == 2
    assert agree({"a.tv": GOOD}, "--engines=steam").status == 2
    (tmp_path / "empty").mkdir()
    assert "no .tv file" in agree({}, files=["empty"]).out
    done = agree({"a.tv": "fn f() { }\n"})
    assert done.status == 1 and "no directive" in done.out
