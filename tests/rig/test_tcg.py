"""The plugin that watches generated code under qemu-aarch64, told wrong things: tests/rig/tcg/sanitizer.c."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rig import stream, targets

HERE = Path(__file__).parent / "tcg"
VARIANT = "aarch64-linux+sanitized"


@pytest.fixture(scope="module")
def target():
    found = targets.load_targets().get(VARIANT)
    if not found or not found.runner:
        pytest.skip("not for this target: AArch64 programs run here without QEMU")
    if found.missing():
        pytest.skip(found.missing())
    return found


@pytest.fixture(scope="module")
def planted(target, tmp_path_factory):
    program = tmp_path_factory.mktemp("tcg") / "planted"
    subprocess.run([target.compiler, "-std=gnu11", "-O2", "-static", "-o", program, HERE / "planted.c"],
                   check=True)

    def run(what):
        return subprocess.run(target.command(program, what), cwd=targets.ROOT, capture_output=True, text=True,
                              timeout=60)
    run.program = program
    return run


def test_good_code_is_not_reported(planted):
    done = planted("fine")
    assert done.returncode == 0 and done.stdout == "sum 1226\n" and done.stderr == ""


@pytest.mark.parametrize("what, reports", [("stale", 1), ("again", 1), ("beside", 1)])
def test_a_missing_cache_flush_is_reported(planted, what, reports):
    done = planted(what)
    assert done.returncode == 86
    said = re.findall(r"^sanitizer: the instruction at 0x[0-9a-f]+ is executed, but its cache line was stored to",
                      done.stdout, re.M)
    assert len(said) == reports, done.stdout


@pytest.mark.parametrize("what", ["sp", "sp-pair"])
def test_a_misaligned_stack_pointer_is_reported(planted, what):
    done = planted(what)
    assert done.returncode == 86
    assert re.search(r"^sanitizer: the instruction at 0x[0-9a-f]+ accesses memory through a stack pointer that "
                     r"is 8 modulo 16$", done.stdout, re.M)


def test_counts_are_exact_and_repeat(planted):
    def count():
        done = subprocess.run([HERE / "count.sh", planted.program, "count"], capture_output=True, text=True,
                              timeout=60, check=True)
        assert done.stderr == "sum 0\n"
        return done.stdout
    first = count()
    parts = [int(n) for n in re.findall(r"^counted (\d+)$", first, re.M)]
    # the loop is two instructions a round; around it there may be a few
    assert [parts[1] - parts[0], parts[2] - parts[1]] == [2000, 2000] and 2000 <= parts[0] < 2010
    assert int(re.search(r"^instructions (\d+)$", first, re.M)[1]) > sum(parts)
    assert count() == first


def test_count_names_what_is_missing(tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    (empty / "dirname").symlink_to(shutil.which("dirname"))
    done = subprocess.run(["/bin/sh", HERE / "count.sh", "program"], env={"PATH": str(empty)}, capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 77 and "qemu-user" in done.stderr


def test_arguments_of_the_plugin_are_checked(target):
    done = subprocess.run(["qemu-aarch64", "-plugin", "build/tcg/sanitizer.so,speed=9", "/bin/true"],
                          cwd=targets.ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "unknown argument 'speed=9'" in done.stderr


def test_a_report_is_held_against_the_case_that_was_running():
    """The plugin writes between the lines of the program's own output."""
    names = ["a.tv", "b.tv", "c.tv"]
    batch = stream.Batch("t", "baseline", {n: stream.Run(n) for n in names})
    fake = targets.Target("t", "t", True, machine=62)
    reader = stream.Reader(fake, "baseline", names, batch)
    for line in ("trivet-stream 1 t pagesize=4096", "a.tv\tdone\t0\t0",
                 "sanitizer: the instruction at 0x10 is executed, but …",
                 "b.tv\tdone\t0\t0", "c.tv\tdone\t0\t0", "bye 3 0"):
        reader.take(line)
    assert reader.bye and [bool(run.error) for run in batch.runs.values()] == [False, True, False]
    assert batch.runs["b.tv"].error.startswith("sanitizer: the instruction at 0x10")
