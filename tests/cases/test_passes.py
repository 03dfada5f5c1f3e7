"""All cases again with each pass of the optimised mode left out in turn, and with most of them left out."""

import re
import subprocess

import pytest

from rig import targets

ROOT = targets.ROOT
HERE = ROOT / "tests" / "cases"


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


def results(host, without, engine="optimized"):
    """{program:line and call: result}, and the lines that say FAIL."""
    command = host.command(host.trivet, "check", "--stream", "--stand-ins", "--verify", "--timeout=10000",
                           f"--engine={engine}", *([f"--without={without}"] if without else []))
    done = subprocess.run(command, input=programs().encode(), capture_output=True, timeout=300, cwd=ROOT)
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    bad = [r for r in rows if len(r) > 4 and r[4].startswith("FAIL") or len(r) > 1 and r[1] == "error"]
    assert done.returncode in (0, 1), done.stderr.decode()[-2000:]
    return {(r[0], r[2]): r[3] for r in rows if len(r) > 4}, bad


@pytest.fixture(scope="module")
def everything(host):
    found, bad = results(host, "")
    assert not bad and len(found) > 10000
    return found


def test_there_are_passes(host):
    helped = subprocess.run(host.command(host.trivet, "emit", "--help"), capture_output=True, cwd=ROOT).stdout.decode()
    assert len(passes()) > 5 and all(f"\n  {name} " in helped for name in passes())


@pytest.mark.parametrize("name", passes())
def test_without(host, everything, name):
    found, bad = results(host, name)
    assert not bad, bad[:5]
    assert found == everything


@pytest.mark.parametrize("some", ["registers", "registers1", "registers2", "registers3"])
@pytest.mark.parametrize("engine", ["baseline", "optimized"])
def test_few_registers(host, everything, engine, some):
    found, bad = results(host, some, engine)
    assert not bad, bad[:5]
    assert found == everything


@pytest.mark.parametrize("name", passes())
def test_alone(host, everything, name):
    found, bad = results(host, ",".join(p for p in passes() if p != name))
    # loops that only the solver ends in time are interrupted without it
    slow = {key for key, value in found.items() if value.startswith("trap:interrupted")}
    assert not [r for r in bad if (r[0], r[2] if len(r) > 2 else "") not in slow], bad[:5]
    assert {k: v for k, v in found.items() if k not in slow} == {k: v for k, v in everything.items() if k not in slow}
