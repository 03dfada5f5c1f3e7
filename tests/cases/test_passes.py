"""All cases again, on every target, with each pass of the optimised mode left out in turn, and with most of them left out."""

import re
import subprocess

import pytest

from rig import process, targets

ROOT = targets.ROOT
HERE = ROOT / "tests" / "cases"


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        chosen = [t.name for t in metafunc.config.rig.targets if not t.variant or t.variant.name == "asan"]
        metafunc.parametrize("target_name", chosen, scope="module")


@pytest.fixture(scope="module")
def target(request, target_name):
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    return target


@pytest.fixture(scope="module")
def host(request):
    return next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)


def passes():
    table = (ROOT / "src" / "opt" / "opt.c").read_text().partition("passes[] = {")[2].partition("};")[0]
    return re.findall(r'^\s*\{ "(\w+)"', table, re.M)


def programs():
    found = [p for p in sorted(HERE.rglob("*.tv")) if "//! program " not in p.read_text()]
    assert len(found) > 50
    return "".join(f"//! program {p.relative_to(HERE)}\n{p.read_text()}\n" for p in found)


def results(target, without, *options, engine="optimized"):
    """{program:line and call: result}, and the lines that say FAIL."""
    command = target.command(target.trivet, "check", "--stream", "--stand-ins", f"--engine={engine}",
                             *(["--verify"] if target.host else []), *options,
                             *([f"--without={without}"] if without else []))
    done = process.run(target, command, programs().encode(), total=300)
    rows = [line.split("\t") for line in done.out.decode().splitlines()]
    bad = [r for r in rows if len(r) > 4 and r[4].startswith("FAIL") or len(r) > 1 and r[1] == "error"]
    assert done.status in (0, 1) and not done.timed_out, f"{done.how}\n{done.err.decode()[-2000:]}"
    return {(r[0], r[2]): r[3] for r in rows if len(r) > 4}, bad


@pytest.fixture(scope="module")
def everything(target):
    found, bad = results(target, "")
    assert not bad and len(found) > 10000
    return found


def test_there_are_passes(host):
    helped = subprocess.run(host.command(host.trivet, "emit", "--help"), capture_output=True, cwd=ROOT).stdout.decode()
    assert len(passes()) > 5 and all(f"\n  {name} " in helped for name in passes())


@pytest.mark.parametrize("name", passes())
def test_without(target, everything, name):
    found, bad = results(target, name)
    assert not bad, bad[:5]
    assert found == everything


@pytest.mark.parametrize("some", ["registers", "registers1", "registers2", "registers3"])
@pytest.mark.parametrize("engine", ["baseline", "optimized"])
def test_few_registers(target, everything, engine, some):
    found, bad = results(target, some, engine=engine)
    assert not bad, bad[:5]
    assert found == everything


@pytest.mark.parametrize("name", passes())
def test_alone(host, name):
    everything, _ = results(host, "")
    found, bad = results(host, ",".join(p for p in passes() if p != name), "--timeout=10000")
    # loops that only the solver ends in time are interrupted without it
    slow = {key for key, value in found.items() if value.startswith("trap:interrupted")}
    assert not [r for r in bad if (r[0], r[2] if len(r) > 2 else "") not in slow], bad[:5]
    assert {k: v for k, v in found.items() if k not in slow} == {k: v for k, v in everything.items() if k not in slow}
