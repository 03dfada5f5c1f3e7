"""What docs/optimiser.md says of passes and loops is so; and `emit --form=remarks` leaves out no loop."""

import re
import subprocess

import pytest

from rig import targets

ROOT = targets.ROOT
PAGE = (ROOT / "docs/optimiser.md").read_text()
KERNELS = sorted((ROOT / "tests/bench/kernels").glob("*.tv"))
TYPES = ["i64", "u64", "i32", "u32"]


def table(title):
    """The rows of the first table under a title, each a list of cells."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


def code(cell):
    assert cell[0] == cell[-1] == "`", cell
    return cell[1:-1]


SOLVED = [(code(loop), code(remark)) for loop, remark in table("Loops that are solved")]
UNSOLVED = [(code(loop), code(remark)) for loop, remark, _ in table("Loops that are not")]


@pytest.fixture
def host(request):
    return next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)


def emit(host, path, *options):
    done = subprocess.run([ROOT / host.trivet, "emit", path, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def solver_says(host, tmp_path, loop, type_name="i64"):
    """The solver's last remark on the loop, behind its variables."""
    path = tmp_path / "loop.tv"
    text = re.sub(r"let (\w+) = (?=[0-9]+;)", rf"let \1: {type_name} = ", loop)
    path.write_text("fn f(n: T, k: T, xs: [T]) -> T { ".replace("T", type_name) + text + " return s; }\n")
    lines = [line for line in emit(host, path, "--form=remarks").splitlines() if "solved: " in line]
    return lines[-1].split(": ", 2)[2]


def matches(said, remark):
    return re.fullmatch(".*".join(map(re.escape, remark.split("…"))), said)


def test_passes(host):
    listed = [(code(name), what) for name, what in table("Passes")]
    helped = emit(host, "--help").partition("in their order:\n")[2].partition("\n\n")[0]
    assert len(listed) > 15 and listed == [tuple(line.split(None, 1)) for line in helped.splitlines()]


def test_there_are_loops():
    assert len(SOLVED) >= 30 and len(UNSOLVED) >= 10


@pytest.mark.parametrize("loop, remark", SOLVED)
def test_solved(host, tmp_path, loop, remark):
    said = solver_says(host, tmp_path, loop)
    assert matches(said, "solved: " + remark), said
    for name in TYPES:
        assert solver_says(host, tmp_path, loop, name).startswith("solved: ")


@pytest.mark.parametrize("loop, remark", UNSOLVED)
def test_not_solved(host, tmp_path, loop, remark):
    assert solver_says(host, tmp_path, loop) == "not solved: " + remark


def test_benchmarked_patterns(host):
    path = ROOT / "tests/bench/solved.tv"
    names = re.findall(r"^fn (\w+)", path.read_text(), re.M)
    said = emit(host, path, "--form=remarks").splitlines()
    left = [name for name in names
            if not [s for s in said if s.startswith(f"{name}:")]
            or [s for s in said if s.startswith(f"{name}:") and "not solved: " in s]]
    assert len(names) >= 30 and not left


def test_remarks_and_code_without_a_pass(host, tmp_path):
    path = tmp_path / "loop.tv"
    path.write_text("fn f(n: i64) -> i64 { let s = 0; for i in 0..n { s += i; } return s; }\n")
    solved = emit(host, path, "--form=remarks")
    assert "solved: n = " in solved and "phi" not in emit(host, path, "--form=ir", "--after=constants")
    left = emit(host, path, "--form=remarks", "--without=scev")
    assert "solved" not in left and "unrolled: " in left
    assert "phi" in emit(host, path, "--form=ir", "--without=scev")


@pytest.mark.parametrize("path", KERNELS, ids=lambda p: p.stem)
def test_every_loop_is_named(host, path):
    loops = {number for number, line in enumerate(path.read_text().splitlines(), 1)
             if re.search(r"\b(for|while|loop)\b", line.partition("//")[0])}
    named = {int(line.split(":")[1]) for line in emit(host, path, "--form=remarks").splitlines()}
    assert loops <= named
