"""The shape of the sources: includes point downwards only, files stay readable."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
LONGEST = 900

# What a module may include, besides itself and trivet.h.
BELOW = {
    "base": set(),
    "os": {"base"},
    "code": {"base", "os"},
    "asm": {"base", "os"},
    "lang": {"base"},
    "ir": {"base", "lang"},
    "interp": {"base", "os", "lang"},
    "opt": {"base", "ir"},
    "gen": {"base", "os", "code", "asm", "ir"},
    "api": {"base", "os", "code", "asm", "lang", "ir", "interp", "opt", "gen"},
    "cli": set(),
}
PUBLIC = {"trivet_shim.h", "trivet.h", "trivet_memory.h", "trivet_asm.h", "trivet_x64.h", "trivet_a64.h"}


def sources():
    return sorted(p for p in SRC.rglob("*") if p.suffix in (".c", ".h"))


def includes(path):
    return re.findall(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', path.read_text(), re.M)


def test_there_are_sources():
    assert len(sources()) > 20


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(SRC).as_posix())
def test_includes_point_downwards(path):
    parts = path.relative_to(SRC).parts
    module = parts[0]
    if len(parts) == 1:
        allowed = set()
        assert module in PUBLIC, "only the public headers lie in src/ itself"
    else:
        assert module in BELOW, f"a module that this test does not know: {module}"
        allowed = BELOW[module] | {module}
    for name in includes(path):
        if name in PUBLIC:
            continue
        beside = path.parent / name
        target = beside if "/" not in name and beside.exists() else SRC / name
        assert target.exists(), f"{name} is not there, as src/ sees it"
        if target.parent != path.parent:
            assert name.split("/")[0] in allowed, f"{module} must not see {name}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(SRC).as_posix())
def test_file_is_readable(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST, "too long: find the part that is a file of its own"
    assert "\r" not in text and text.endswith("\n")
    trailing = [i for i, line in enumerate(text.split("\n"), 1) if line != line.rstrip()]
    assert not trailing, f"blanks at the end of lines {trailing[:5]}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: p.relative_to(SRC).as_posix())
def test_os_and_cpu_are_asked_in_one_place(path):
    if path.parent.name == "os" or path.relative_to(SRC).parts[0] == "cli":
        return
    found = re.findall(r"^[ \t]*#[ \t]*(?:el)?if.*\b(?:_WIN32|_WIN64|__linux__|__x86_64__|__aarch64__)\b.*",
                       path.read_text(), re.M)
    assert not found, f"{found[0]} belongs to src/os/"
