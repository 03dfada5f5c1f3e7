"""Every x86-64 form against GNU as, LLVM and Capstone.

gen_x64.c prints bytes, the text made of the operands, and the text trivet_disassemble() makes of the
bytes.  GNU as and llvm-mc assemble the first text, every instruction in a slot of 16 bytes of its own; Capstone reads
the bytes, and GNU as assembles our disassembly again.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOOR = 250_000  # distinct instructions; fewer means that the generator lost forms
SLOT = 16        # an instruction has 15 bytes at most


def need(package, *names):
    for name in names:
        if shutil.which(name):
            return name
    pytest.skip(f"{names[0]} not found (Debian package {package})")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr[:4000]}"
    return done.stdout


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    """gen_x64, built with the host's compiler."""
    cc = os.environ.get("CC") or need("gcc", "cc", "gcc", "clang")
    exe = tmp_path_factory.mktemp("x64") / "gen_x64"
    run(cc, "-std=c11", "-O1", "-I", ROOT / "src", "-o", exe,
        ROOT / "tests/encoding/gen_x64.c", *sorted((ROOT / "src/asm").glob("*.c")),
        ROOT / "src/base/mem.c")
    return exe


@pytest.fixture(scope="module")
def rows(generator):
    """[(bytes, text, our disassembly, only)]"""
    table, seen, errors = [], set(), []
    for line in run(generator).splitlines():
        code, text, *rest = line.split("\t")
        if code.startswith("error"):
            errors.append(line)
        elif text not in seen:
            seen.add(text)
            table.append((bytes.fromhex(code), text, rest[0], rest[1] if len(rest) > 1 else None))
    assert not errors, "\n".join(errors[:20])
    return table


def slots(objcopy, obj):
    binary = obj.with_suffix(".bin")
    run(objcopy, "-O", "binary", "-j", ".text", obj, binary)
    data = binary.read_bytes()
    return [data[k:k + SLOT] for k in range(0, len(data), SLOT)]


def write(texts, path):
    path.write_text(".intel_syntax noprefix\n.text\n" +
                    "".join(f"{text}\n.balign {SLOT}, 0\n" for text in texts))


def by_gnu(texts, folder):
    gas = need("binutils-x86-64-linux-gnu", "x86_64-linux-gnu-as", "as")
    write(texts, folder / "gnu.s")
    run(gas, "--64", folder / "gnu.s", "-o", folder / "gnu.o")
    objcopy = need("binutils-x86-64-linux-gnu", "x86_64-linux-gnu-objcopy", "objcopy")
    return slots(objcopy, folder / "gnu.o")


def by_llvm(texts, folder):
    mc = need("llvm", "llvm-mc", "llvm-mc-14")
    write(texts, folder / "llvm.s")
    run(mc, "-triple=x86_64-linux-gnu", "-mattr=+fma,+bmi,+bmi2,+lzcnt,+popcnt,+sse4.1",
        "-filetype=obj", folder / "llvm.s", "-o", folder / "llvm.o")
    objcopy = need("llvm", "llvm-objcopy", "llvm-objcopy-14", "x86_64-linux-gnu-objcopy", "objcopy")
    return slots(objcopy, folder / "llvm.o")


def differences(ours, texts, theirs):
    assert len(theirs) == len(ours), f"{len(ours)} instructions became {len(theirs)} slots"
    return [f"{text}: we {mine.hex()}, they {their.rstrip(bytes(1)).hex()}"
            for mine, text, their in zip(ours, texts, theirs) if mine.ljust(SLOT, b"\0") != their]


TOOLS = {"gnu": by_gnu, "llvm": by_llvm}


@pytest.mark.parametrize("tool", TOOLS)
def test_bytes(rows, tool, tmp_path):
    mine = [r for r in rows if r[3] in (None, tool)]
    assert len(mine) >= FLOOR
    texts = [r[1] for r in mine]
    wrong = differences([r[0] for r in mine], texts, TOOLS[tool](texts, tmp_path))
    assert not wrong, f"{len(wrong)} of {len(mine)} differ:\n" + "\n".join(wrong[:20])


def test_disassembly_assembles_to_the_same_bytes(rows, tmp_path):
    mine = [r for r in rows if r[3] is None]
    texts = [re.sub(r"^(j\w+|call) 0$", r"at_\1: \1 at_\1", r[2]) for r in mine]  # branches lead to themselves
    assert "not disassembled" not in texts
    wrong = differences([r[0] for r in mine], texts, by_gnu(texts, tmp_path))
    assert not wrong, f"{len(wrong)} of {len(mine)} differ:\n" + "\n".join(wrong[:20])


def test_capstone_reads_the_same(rows):
    capstone = pytest.importorskip("capstone", reason="needs Debian's python3-capstone")
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    wrong = []
    for code, _, ours, _ in rows:
        theirs = [f"{name} {operands}".strip()
                  for _, size, name, operands in engine.disasm_lite(code, 0) if size == len(code)]
        if theirs != [ours] and not same_meaning(ours, theirs):
            wrong.append(f"{code.hex()}: we {ours!r}, they {theirs}")
    assert not wrong, f"{len(wrong)} of {len(rows)} differ:\n" + "\n".join(wrong[:20])


PREDICATES = ["eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord"]


def same_meaning(ours, theirs):
    """Where Capstone 4's way of writing differs: its own names of comparisons, signed rotate counts, memory of
    comis as 16 bytes; nop with a register is unknown to it."""
    if not theirs:
        return re.fullmatch(r"nop r?\w+", ours) is not None
    their = theirs[0]
    if compared := re.fullmatch(r"cmp(s[sd]|p[sd]) (.*), ([0-7])", ours):
        kind, operands, k = compared.groups()
        return their == f"cmp{PREDICATES[int(k)]}{kind} {operands}"
    if ours.startswith("comis"):
        return re.sub(r"[dq]word ptr", "xmmword ptr", ours) == their
    if ours.startswith("rorx"):
        mine, count = ours.rsplit(", ", 1)
        other, signed = their.rsplit(", ", 1)
        return mine == other and (int(count, 16) - int(signed, 16)) % 256 == 0
    return False


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_wrong_bit_is_found(rows, tool, bit, tmp_path):
    """The comparison itself: one flipped bit in one byte must be reported, and nothing else."""
    few = [r for r in rows if r[3] is None][::997]
    texts = [r[1] for r in few]
    theirs = TOOLS[tool](texts, tmp_path)
    for place in range(len(few[40][0])):
        ours = [bytearray(r[0]) for r in few]
        ours[40][place] ^= 1 << bit
        wrong = differences([bytes(b) for b in ours], texts, theirs)
        assert len(wrong) == 1 and wrong[0].startswith(texts[40] + ":")


# Shown by the public call alone, which writes them by itself or prefers another row; tests/unit/asm_x64.c has them.
ELSEWHERE = {"JCC8", "JCC32", "JMP8", "JMP32", "CALL32", "LOCK", "XCHG_OA", "XCHG_RM", "TEST_RM"}
FLIPS = {"opcode": range(24), "prefix": [*range(13), 16, 17, 23], "digit": range(3), "rex": [3]}


@pytest.mark.parametrize("field", FLIPS)
def test_a_wrong_bit_in_any_row_is_found(generator, field, tmp_path):
    """Each bit of the field is flipped in every row that has it: of each of these rows an instruction must differ."""
    clean = [line.split("\t") for line in run(generator, "few").splitlines()]
    theirs = by_gnu([line[1] for line in clean], tmp_path)
    assert not differences([bytes.fromhex(line[0]) for line in clean], [line[1] for line in clean], theirs)
    right = {(line[4], line[1]): their for line, their in zip(clean, theirs)}
    assert len({name for name, _ in right}) > 200
    total = 0
    for bit in FLIPS[field]:
        flipped, same, wrong = set(), set(), set()
        for line in run(generator, "few", field, bit).splitlines():
            code, text, *rest = line.split("\t")
            if code == "flipped":
                flipped.add(text)
            elif rest:
                name = rest[-1]
                expected = right.get((name, text))
                (same if expected == bytes.fromhex(code).ljust(SLOT, b"\0") else wrong).add(name)
        printed = same | wrong
        unnoticed = {name for name in flipped - ELSEWHERE if name in printed and name not in wrong}
        assert not unnoticed, f"{field}, bit {bit}: {sorted(unnoticed)}"
        total += len(flipped - ELSEWHERE)
    assert total > 100
