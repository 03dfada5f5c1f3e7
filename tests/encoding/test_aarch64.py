"""Every A64 encoder against GNU as and LLVM: the same text must give the same words.

gen_a64.c prints words and text; here the text is assembled by each tool and compared word for word.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOOR = 140_000  # instructions; fewer means that the generator lost forms


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
    """[(word, text, only)] from the generator, built with the host's compiler."""
    cc = os.environ.get("CC") or need("gcc", "cc", "gcc", "clang")
    exe = tmp_path_factory.mktemp("a64") / "gen_a64"
    run(cc, "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "src", "-o", exe,
        ROOT / "tests/encoding/gen_a64.c", ROOT / "src/asm/aarch64.c")
    table = []
    for line in run(exe).splitlines():
        word, text, *only = line.split("\t")
        table.append((int(word, 16), text, only[0] if only else None))
    return table


def text_section(objcopy, obj):
    """The words of .text, which must need no relocation."""
    binary = obj.with_suffix(".bin")
    run(objcopy, "-O", "binary", "-j", ".text", obj, binary)
    data = binary.read_bytes()
    return struct.unpack(f"<{len(data) // 4}I", data)


def by_gnu(rows, folder):
    gas = need("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-as")
    source, obj = folder / "gnu.s", folder / "gnu.o"
    source.write_text(".arch armv8.5-a\n" + "".join(text + "\n" for _, text, _ in rows))
    run(gas, source, "-o", obj)
    return text_section("aarch64-linux-gnu-objcopy", obj)


def by_llvm(rows, folder):
    mc = need("llvm", "llvm-mc", "llvm-mc-14")
    source, obj = folder / "llvm.s", folder / "llvm.o"
    source.write_text("".join(text + "\n" for _, text, _ in rows))
    run(mc, "-triple=aarch64", "-mattr=+v8.5a", "-filetype=obj", source, "-o", obj)
    objcopy = need("llvm", "llvm-objcopy", "llvm-objcopy-14", "aarch64-linux-gnu-objcopy")
    return text_section(objcopy, obj)


def differences(rows, words):
    assert len(words) == len(rows), f"{len(rows)} instructions became {len(words)} words"
    return [f"{text}: we {ours:08x}, they {theirs:08x}"
            for (ours, text, _), theirs in zip(rows, words) if ours != theirs]


TOOLS = {"gnu": by_gnu, "llvm": by_llvm}


@pytest.mark.parametrize("tool", TOOLS)
def test_words(rows, tool, tmp_path):
    mine = [r for r in rows if r[2] in (None, tool)]
    assert len(mine) >= FLOOR
    wrong = differences(mine, TOOLS[tool](mine, tmp_path))
    assert not wrong, f"{len(wrong)} of {len(mine)} differ:\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("bit", [0, 5, 12, 21, 31])
def test_a_wrong_bit_is_found(rows, tool, bit, tmp_path):
    """The comparison itself: one flipped bit in one word must be reported, and nothing else."""
    few = [r for r in rows if r[2] is None][::997]
    word, text, only = few[70]
    few[70] = (word ^ 1 << bit, text, only)
    wrong = differences(few, TOOLS[tool](few, tmp_path))
    assert len(wrong) == 1 and wrong[0].startswith(text + ":")


def test_every_encoder_is_walked():
    """A new encoder in the header has to appear in the generator."""
    import re
    header = (ROOT / "src/asm/aarch64.h").read_text()
    generator = (ROOT / "tests/encoding/gen_a64.c").read_text()
    names = set(re.findall(r"\buint32_t\s+(a64_\w+)\(", header)) - {"a64_mem_bytes"}
    assert len(names) > 60
    assert not [n for n in sorted(names) if n + "(" not in generator]
