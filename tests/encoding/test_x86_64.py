"""Every x86-64 form against GNU as and LLVM: the same text must give the same bytes.

gen_x64.c prints bytes and text; here the text is assembled by each tool, every instruction in a slot of
16 bytes of its own, and compared slot for slot.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOOR = 70_000  # instructions; fewer means that the generator lost forms
SLOT = 16       # an instruction has 15 bytes at most


def need(package, *names):
    for name in names:
        if shutil.which(name):
            return name
    pytest.skip(f"{names[0]} not found (Debian package {package})")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr[:4000]}"
    return done.stdout


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """[(bytes, text, only)] from the generator, built with the host's compiler."""
    cc = os.environ.get("CC") or need("gcc", "cc", "gcc", "clang")
    exe = tmp_path_factory.mktemp("x64") / "gen_x64"
    run(cc, "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "src", "-o", exe,
        ROOT / "tests/encoding/gen_x64.c", ROOT / "src/asm/x86_64.c", ROOT / "src/asm/cbuf.c",
        ROOT / "src/base/mem.c")
    table = []
    for line in run(exe).splitlines():
        code, text, *only = line.split("\t")
        table.append((bytes.fromhex(code), text, only[0] if only else None))
    return table


def slots(objcopy, obj):
    binary = obj.with_suffix(".bin")
    run(objcopy, "-O", "binary", "-j", ".text", obj, binary)
    data = binary.read_bytes()
    return [data[k:k + SLOT] for k in range(0, len(data), SLOT)]


def write(rows, path):
    path.write_text(".text\n" + "".join(f"{text}\n.balign {SLOT}, 0\n" for _, text, _ in rows))


def by_gnu(rows, folder):
    gas = need("binutils-x86-64-linux-gnu", "x86_64-linux-gnu-as", "as")
    write(rows, folder / "gnu.s")
    run(gas, "--64", folder / "gnu.s", "-o", folder / "gnu.o")
    objcopy = need("binutils-x86-64-linux-gnu", "x86_64-linux-gnu-objcopy", "objcopy")
    return slots(objcopy, folder / "gnu.o")


def by_llvm(rows, folder):
    mc = need("llvm", "llvm-mc", "llvm-mc-14")
    write(rows, folder / "llvm.s")
    run(mc, "-triple=x86_64-linux-gnu", "-mattr=+fma,+bmi,+bmi2,+lzcnt,+popcnt,+sse4.1",
        "-filetype=obj", folder / "llvm.s", "-o", folder / "llvm.o")
    objcopy = need("llvm", "llvm-objcopy", "llvm-objcopy-14", "x86_64-linux-gnu-objcopy", "objcopy")
    return slots(objcopy, folder / "llvm.o")


def differences(rows, theirs):
    assert len(theirs) == len(rows), f"{len(rows)} instructions became {len(theirs)} slots"
    return [f"{text}: we {ours.hex()}, they {their.rstrip(bytes(1)).hex()}"
            for (ours, text, _), their in zip(rows, theirs) if ours.ljust(SLOT, b"\0") != their]


TOOLS = {"gnu": by_gnu, "llvm": by_llvm}


@pytest.mark.parametrize("tool", TOOLS)
def test_bytes(rows, tool, tmp_path):
    mine = [r for r in rows if r[2] in (None, tool)]
    assert len(mine) >= FLOOR
    wrong = differences(mine, TOOLS[tool](mine, tmp_path))
    assert not wrong, f"{len(wrong)} of {len(mine)} differ:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_wrong_bit_is_found(rows, tool, bit, tmp_path):
    """The comparison itself: one flipped bit in one byte must be reported, and nothing else."""
    few = [r for r in rows if r[2] is None][::997]
    for place in range(len(few[40][0])):
        code, text, only = few[40]
        bad = bytearray(code)
        bad[place] ^= 1 << bit
        changed = [*few[:40], (bytes(bad), text, only), *few[41:]]
        wrong = differences(changed, TOOLS[tool](changed, tmp_path))
        assert len(wrong) == 1 and wrong[0].startswith(text + ":")


def test_every_form_is_walked(rows):
    """All rows of the table appear, by their mnemonics, and so does every function beside it."""
    import re
    header = (ROOT / "src/asm/x86_64.h").read_text()
    texts = [re.match(r"[a-z0-9]+", text).group() for _, text, _ in rows]
    seen = set(texts)
    for _, mnemonic in re.findall(r"X\((\w+),\s+\"([a-z0-9]+)", header):
        assert any(name.startswith(mnemonic) for name in seen), mnemonic
    generator = (ROOT / "tests/encoding/gen_x64.c").read_text()
    names = set(re.findall(r"^void (x64_\w+)\(Cbuf", header, re.M))
    branches = {"x64_jmp", "x64_jcc", "x64_call", "x64_jmp_short", "x64_jcc_short", "x64_nop",
                "x64_relax"}
    assert len(names) > 20 and branches < names  # those are in tests/unit/asm_x64.c
    assert not [n for n in sorted(names - branches) if n not in generator]
