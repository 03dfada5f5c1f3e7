"""What the pages promise: their programs check, their C compiles and prints what they say.

A block marked ```tv is a whole program, a block marked ```c a whole C file.
"""

import re
import subprocess

import pytest

from rig import process, targets

ROOT = targets.ROOT
PAGES = sorted(p for p in [ROOT / "README.md", *ROOT.glob("docs/*.md")] if p.exists())
EMBED = sorted(ROOT.glob("examples/embed/*.c"))


def blocks(language):
    for page in PAGES:
        text = page.read_text()
        for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            line = text[: found.start()].count("\n") + 2
            yield pytest.param(found.group(1), id=f"{page.name}:{line}")


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        chosen = [t.name for t in metafunc.config.rig.targets if not t.variant]
        metafunc.parametrize("target_name", chosen)


@pytest.fixture
def host(request):
    return next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)


def test_there_are_pages_and_examples():
    assert len(PAGES) >= 3 and len(EMBED) >= 2 and list(blocks("tv")) and list(blocks("c"))


@pytest.mark.parametrize("text", blocks("tv"))
def test_program(host, text, tmp_path):
    path = tmp_path / "page.tv"
    path.write_text(text)
    what = ["check", "--engine=all"] if "//! " in text else ["emit", "--form=ast"]
    done = subprocess.run([ROOT / host.trivet, *what, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", blocks("c"))
def test_c_block(host, text, tmp_path):
    path = tmp_path / "page.c"
    path.write_text(text)
    compiler = host.compiler.split()
    done = subprocess.run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/src", path,
                           ROOT / host.library, "-pthread", "-o", tmp_path / "page"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([tmp_path / "page"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("machine", ["x64", "a64"])
def test_every_mnemonic_is_listed(machine):
    """docs/assembling.md has those of the header, in its groups and order."""
    header = (ROOT / f"src/trivet_{machine}.h").read_text()
    listed = header[header.index("_OP_LIST(X)"):header.index("// clang-format on")]
    names = re.findall(r'X\((\w+), "', listed)
    page = (ROOT / "docs/assembling.md").read_text()
    title = {"x64": "x86-64", "a64": "AArch64"}[machine]
    section = page.split(f"## Mnemonics of {title}\n")[1].split("\n## ")[0]
    table = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")]
    assert len(names) > 200 and re.findall(r"`(\w+)`", " ".join(table[1:])) == names


@pytest.mark.parametrize("source", EMBED, ids=lambda p: p.stem)
def test_embedding_example(request, target_name, source):
    """Each prints the same, exactly, on every target."""
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    program = f"{target.build}/embed/{source.stem}{target.suffix}"
    status, said = targets.make(target, program)
    assert status == 0, said
    assert targets.wrong_machine(target, ROOT / program) == ""
    ended = process.run(target, target.command(program), total=60)
    assert not ended.how, f"{ended.how}: {ended.out!r} {ended.err!r}"
    assert ended.out.decode().replace("\r\n", "\n") == source.with_suffix(".out").read_text()
