"""Solved loops at counts that no one waits for: 2^40 iterations and more, optimised, on every target."""

import importlib.util
from pathlib import Path

import pytest

from rig import process, targets

ROOT = targets.ROOT
HERE = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("solve", HERE / "solve.py")
solve = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(solve)


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        chosen = [t.name for t in metafunc.config.rig.targets if not t.variant]
        metafunc.parametrize("target_name", chosen)


def test_cases_are_current():
    for t in solve.TYPES:
        assert (solve.OUT / f"solve_{t}.tv").read_text() == solve.file_text(t), "run tests/cases/solve.py"
    assert (solve.OUT / "solve_bits.tv").read_text() == solve.bits_text(), "run tests/cases/solve.py"


@pytest.mark.parametrize("t", solve.TYPES)
def test_many_iterations(request, target_name, tmp_path, t):
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    path = tmp_path / f"many_{t}.tv"
    path.write_text(solve.many_text(t))
    ended = process.run(target, target.command(target.trivet, "check", "--engine=optimized", path), total=60)
    assert not ended.timed_out, "a loop was not solved"
    assert ended.status == 0, "\n".join(
        line for line in ended.out.decode().splitlines() if not line.startswith("ok"))[:3000]


def test_all_are_solved(request, tmp_path):
    """Nothing is left to be iterated."""
    # what becomes of a loop is the same for all targets: the first that was chosen, variants too
    target = next((t for t in request.config.rig.targets if not t.missing()), None)
    if target is None:
        pytest.skip("no target can run here")
    for t in solve.TYPES:
        path = tmp_path / f"{t}.tv"
        path.write_text(solve.file_text(t))
        ended = process.run(target, target.command(target.trivet, "emit", "--form=remarks", path), total=60)
        out = ended.out.decode()
        assert ended.status == 0 and "not solved: " not in out, out
        assert out.count(": solved: ") >= len(solve.LOOPS)
    path = solve.OUT / "solve_bits.tv"
    ended = process.run(target, target.command(target.trivet, "emit", "--form=remarks", path), total=60)
    lines = ended.out.decode().splitlines()
    assert {line.split(":")[0] for line in lines if ": not solved: " in line} == \
        {f"f_{b.name}_{t}" for b in solve.BITS if b.stays for t in b.types}


LONG = """
fn numbers(n: i64) -> i64 { let s = 0; for i in 0..n { s += i; } return s; }
//! numbers(1099511627776) == -549755813888
fn rectangle(n: i64) -> i64 { let s = 0; for i in 0..n { for j in 0..n { s += i ^ 1 ^ i; s += j - j; } } return s; }
//! rectangle(1073741824) == 1152921504606846976
fn affine(n: u64) -> u64 { let x: u64 = 1; for i in 0..n { x = x * 6364136223846793005 + 1442695040888963407; } return x; }
//! affine(0x8000000000000000) == 0x8000000000000001
"""


def test_under_a_timeout(request, tmp_path):
    """A solved loop asks for interrupts once at most; as many rounds as these would not end in time."""
    path = tmp_path / "long.tv"
    path.write_text(LONG)
    for target in request.config.rig.targets:
        if target.missing():
            continue
        ended = process.run(target, target.command(target.trivet, "check", "--timeout=20000", "--engine=optimized", path),
                            total=60)
        assert ended.status == 0 and b"3 passed" in ended.out, ended.out
