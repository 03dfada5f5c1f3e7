"""Calls of random signatures between generated code and each target's C compiler: abi.c."""

import re

import pytest

from rig import process, targets

ROOT = targets.ROOT


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        chosen = [t.name for t in metafunc.config.rig.targets]
        metafunc.parametrize("target_name", chosen)


def test_random_signatures(request, target_name):
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    program = f"{target.build}/abi/abi{target.suffix}"
    status, said = targets.make(target, program)
    assert status == 0, said
    assert targets.wrong_machine(target, ROOT / program) == ""
    ended = process.run(target, target.command(program), total=120)
    said = ended.out.decode(errors="replace")
    assert not ended.how, f"{ended.how}: {said} {ended.err!r}"
    assert int(re.search(r"(\d+) signatures", said).group(1)) >= 300


def test_specialised_directives(request, target_name):
    """Every program's calls with some, all and none of their arguments bound: special.c."""
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    program = f"{target.build}/abi/special{target.suffix}"
    status, said = targets.make(target, program)
    assert status == 0, said
    files = sorted(p.relative_to(ROOT).as_posix()
                   for folder in ("tests/cases", "examples") for p in (ROOT / folder).rglob("*.tv"))
    done = 0
    for first in range(0, len(files), 200):  # Windows has a limit for command lines
        ended = process.run(target, target.command(program) + files[first:first + 200], total=300)
        said = ended.out.decode(errors="replace")
        assert not ended.how, f"{ended.how}: {said} {ended.err!r}"
        done += int(re.search(r"(\d+) specialised", said).group(1))
    assert done > 5000
