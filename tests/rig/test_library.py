"""libtrivet.a shows its users nothing but trivet_*, and is small."""

import subprocess

import pytest

from rig import targets


def pytest_generate_tests(metafunc):
    chosen = [t for t in metafunc.config.rig.targets if not t.variant]
    metafunc.parametrize("name", [t.name for t in chosen])


@pytest.fixture
def target(request, name):
    target = request.config.rig.all_targets[name]
    if target.missing():
        pytest.skip(target.missing())
    return target


def test_only_public_symbols(target):
    library = targets.ROOT / target.library
    assert library.exists(), "was it built?"
    done = subprocess.run([target.nm, "-g", "--defined-only", library], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = [line.split()[-1] for line in done.stdout.splitlines() if len(line.split()) == 3]
    assert "trivet_open" in names and "trivet_close" in names
    others = [n for n in names if not n.startswith("trivet_")]
    assert not others, f"visible, but not trivet_*: {others[:20]}"


def test_programs_are_of_their_target(target):
    assert targets.wrong_machine(target, targets.ROOT / target.trivet) == ""


MOST_BYTES = 400_000


def test_size(target):
    """What a program that parses, compiles and calls has in memory; on this machine, if its files are ELF."""
    if not target.host or target.suffix:  # others link their C library in
        return
    program = f"{target.build}/embed/add"
    status, said = targets.make(target, program)
    assert status == 0, said
    done = subprocess.run(["size", targets.ROOT / program], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[1].split()[3]) <= MOST_BYTES  # text, data and bss
