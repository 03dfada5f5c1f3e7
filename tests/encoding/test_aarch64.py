"""A64 against GNU as, LLVM and Capstone: the same text must give the same words, and words the same text.

gen_a64.c prints what the encoders of the code generator make, gen_a64_table.c what each row of the table
makes that the public assembler and the disassembler share; both beside the text it should be.  Here the
text is assembled by each tool and compared word for word.
"""

import os
import re
import shutil
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENCODERS = 140_000  # instructions; fewer means that a generator lost forms
DISTINCT = 250_000
CORE = [*sorted((ROOT / "src/asm").glob("*.c")), ROOT / "src/base/mem.c"]


def need(package, *names):
    for name in names:
        if shutil.which(name):
            return name
    pytest.skip(f"{names[0]} not found (Debian package {package})")


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr[:4000]}"
    return done.stdout


def build(folder, name, *sources, flags=("-O1",)):
    cc = os.environ.get("CC") or need("gcc", "cc", "gcc", "clang")
    exe = folder / name
    run(cc, "-std=c11", *flags, "-Wall", "-Wextra", "-Werror", "-I", ROOT / "src", "-o", exe,
        ROOT / f"tests/encoding/{name}.c", *sources)
    return exe


def parse(text):
    """[(word, text, only)]; only: the one tool that can say it."""
    table = []
    for line in text.splitlines():
        word, what, *only = line.split("\t")
        table.append((int(word, 16), what, only[0] if only else None))
    return table


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a64")
    return parse(run(build(folder, "gen_a64", ROOT / "src/asm/aarch64.c")))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return build(tmp_path_factory.mktemp("a64table"), "gen_a64_table", *CORE)


@pytest.fixture(scope="module")
def rows(table):
    return parse(run(table))


def text_section(objcopy, obj):
    """The words of .text, which must need no relocation."""
    binary = obj.with_suffix(".bin")
    run(objcopy, "-O", "binary", "-j", ".text", obj, binary)
    data = binary.read_bytes()
    return struct.unpack(f"<{len(data) // 4}I", data)


def gnu_command(source, obj):
    return [need("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-as"), "-march=armv8.5-a", source, "-o", obj]


def llvm_command(source, obj):
    mc = need("llvm", "llvm-mc", "llvm-mc-14")
    return [mc, "-triple=aarch64", "-mattr=+v8.5a", "-filetype=obj", source, "-o", obj]


TOOLS = {"gnu": gnu_command, "llvm": llvm_command}


def assemble(tool, rows, folder):
    source, obj = folder / f"{tool}.s", folder / f"{tool}.o"
    source.write_text("".join(text + "\n" for _, text, _ in rows))
    run(*TOOLS[tool](source, obj))
    objcopy = need("binutils-aarch64-linux-gnu", "aarch64-linux-gnu-objcopy", "llvm-objcopy-14")
    return text_section(objcopy, obj)


def differences(rows, words):
    assert len(words) == len(rows), f"{len(rows)} instructions became {len(words)} words"
    return [f"{text}: we {ours:08x}, they {theirs:08x}"
            for (ours, text, _), theirs in zip(rows, words) if ours != theirs]


def agree(tool, rows, folder):
    mine = [r for r in rows if r[2] in (None, tool)]
    wrong = differences(mine, assemble(tool, mine, folder))
    assert not wrong, f"{len(wrong)} of {len(mine)} differ:\n" + "\n".join(wrong[:20])
    return mine


@pytest.mark.parametrize("tool", TOOLS)
def test_encoders(encoders, tool, tmp_path):
    assert len(agree(tool, encoders, tmp_path)) >= ENCODERS


@pytest.mark.parametrize("tool", TOOLS)
def test_table(rows, tool, tmp_path):
    mine = agree(tool, rows, tmp_path)
    assert len({word for word, _, _ in mine}) >= DISTINCT


def test_every_register_is_in_every_slot(rows):
    """By class and by place among the operands: all 32 of them, for every mnemonic that has them there."""
    seen = {}
    for _, text, _ in rows:
        name, _, rest = text.partition(" ")
        for place, operand in enumerate(re.sub(r"\[.*?\]!?", "", rest).split(", ")):
            found = re.fullmatch(r"([wxbhsdq])(\d+|zr)|(wsp|sp)|v(\d+)(\.\d+[bhsd])", operand)
            if found:
                kind = found[1] or found[5] or operand.replace("wsp", "w").replace("sp", "x")
                seen.setdefault((name, place, kind), set()).add(operand)
    few = {k: sorted(v) for k, v in seen.items() if len(v) < 31}
    assert len(seen) > 1000 and not few, few


def test_every_bitmask_is_there(rows):
    found = {"w": set(), "x": set()}
    for _, text, _ in rows:
        m = re.fullmatch(r"(?:and|orr|eor|ands) ([wx])\w+, \w+, #(0x[0-9a-f]+)", text)
        if m:
            found[m[1]].add(m[2])
    assert (len(found["w"]), len(found["x"])) == (1302, 5334)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("bit", [0, 5, 12, 21, 31])
def test_a_wrong_bit_is_found(encoders, tool, bit, tmp_path):
    """The comparison itself: one flipped bit in one word must be reported, and nothing else."""
    few = [r for r in encoders if r[2] is None][::997]
    word, text, only = few[70]
    few[70] = (word ^ 1 << bit, text, only)
    wrong = differences(few, assemble(tool, few, tmp_path))
    assert len(wrong) == 1 and wrong[0].startswith(text + ":")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_wrong_bit_in_any_row_is_found(table, tool, tmp_path):
    lines = [line.split("\t", 1) for line in run(table, "wrong").splitlines()]
    numbers = [int(number) for number, _ in lines]
    assert set(numbers) == set(range(max(numbers) + 1)) and max(numbers) > 1000
    wrong = [(n, r) for n, r in zip(numbers, parse("\n".join(rest for _, rest in lines)))
             if r[2] in (None, tool)]
    words = assemble(tool, [r for _, r in wrong], tmp_path)
    found = {n for (n, r), theirs in zip(wrong, words) if r[0] != theirs}
    assert found == {n for n, _ in wrong}


# Assemblers take these as the same bits, or as the instruction with the other sign.
LENIENT = re.compile(r"(?:cmp|cmn|adds?|subs?) .*#-1, lsl #12|(?:movi|mvni) .*#-1\b.*")


def test_operands_out_of_range_are_refused(table, tmp_path):
    """By us, which the generator checks row by row, and by GNU as; so none is refused that would fit."""
    refused = [r for r in parse(run(table, "refuse")) if r[2] in (None, "gnu")]
    source = tmp_path / "refused.s"
    source.write_text("".join(text + "\n" for _, text, _ in refused))
    done = subprocess.run([str(c) for c in gnu_command(source, tmp_path / "refused.o")],
                          capture_output=True, text=True, timeout=120)
    theirs = {int(n) - 1 for n in re.findall(r"refused\.s:(\d+): Error", done.stderr)}
    taken = [text for k, (_, text, _) in enumerate(refused)
             if k not in theirs and not LENIENT.fullmatch(text)]
    assert len(refused) > 800 and not taken, taken[:20]


def test_random_words(tmp_path):
    """Whatever of them is an instruction assembles to itself; with the sanitizers, nothing goes wrong."""
    exe = build(tmp_path, "gen_a64_table", *CORE,
                flags=("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"))
    known = parse(run(exe, "random", 1_000_000, 20261121))
    assert len(agree("gnu", known, tmp_path)) > 200_000


# ---- Capstone ----

# What Capstone 4 does not know, or knows as a hint of no name.
UNKNOWN = re.compile(r"(?:cas|swp|ld(?:add|clr|eor|set|[su]max|[su]min)|st(?:add|clr|eor|set|[su]max|[su]min))"
                     r"(?:a|l|al)?[bh]?|udf|bti|paciasp|autiasp")
# What it calls by the name that the manual does not prefer: (ours, theirs).
OTHER_NAMES = {("mov", "movz"), ("mov", "movn"), ("mov", "orr"), ("mov", "ins"), ("bfc", "bfi"),
               ("csinc", "cset"), ("csinv", "csetm"), ("csinc", "cinc"), ("csinv", "cinv"),
               ("csneg", "cneg")}


def spelled(text):
    """With immediates as decimals."""
    text = re.sub(r"#(-?(?:0x[0-9a-f]+|\d+))(?![\d.])", lambda m: f"#{int(m[1], 0) % 2**64}", text)
    text = re.sub(r"#(-?\d+\.\d+)", lambda m: f"#{float(m[1]):.8f}", text)
    return re.sub(r"\[0x([0-9a-f])\]", lambda m: f"[{int(m[1], 16)}]", text)


def absolute(text, address):
    """A distance as the address that disassemblers print."""
    page = text.startswith("adrp ")
    m = re.search(r"#([+-]\d+)$" if page else r"\.([+-]\d+)$", text)
    if not m:
        return text
    return f"{text[:m.start()]}#{((address & ~0xfff if page else address) + int(m[1])) % 2**64}"


def test_capstone_agrees(rows, tmp_path):
    source = tmp_path / "words.bin"
    preferred = {}
    for word, text, _ in rows:  # of one word's texts the last is the preferred one
        preferred[word] = text
    source.write_bytes(struct.pack(f"<{len(preferred)}I", *preferred))
    script = ("import capstone,sys\nd=capstone.Cs(capstone.CS_ARCH_ARM64,capstone.CS_MODE_ARM)\nd.skipdata=True\n"
              "for a,n,m,o in d.disasm_lite(open(sys.argv[1],'rb').read(),0): print(m,o)")
    done = subprocess.run(["/usr/bin/python3", "-c", script, str(source)], capture_output=True, text=True)
    if "No module named" in done.stderr:
        pytest.skip("capstone not found (Debian package python3-capstone)")
    theirs = done.stdout.splitlines()
    assert len(theirs) == len(preferred), done.stderr
    wrong, unknown, named = [], Counter(), Counter()
    for k, (word, text) in enumerate(preferred.items()):
        ours, other = spelled(absolute(text, 4 * k)), spelled(theirs[k].strip())
        names = ours.split(" ")[0], other.split(" ")[0]
        if ours == other:
            continue
        if UNKNOWN.fullmatch(names[0]) and names[1] in (".byte", "hint"):
            unknown[names[0]] += 1
        elif names in OTHER_NAMES:
            named[names] += 1
        else:
            wrong.append(f"{word:08x}: we '{ours}', they '{other}'")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:20])
    assert sum(named.values()) < 4000


def test_every_encoder_is_walked():
    """A new encoder in the header has to appear in the generator."""
    header = (ROOT / "src/asm/aarch64.h").read_text()
    generator = (ROOT / "tests/encoding/gen_a64.c").read_text()
    names = set(re.findall(r"\buint32_t\s+(a64_\w+)\(", header)) - {"a64_mem_bytes"}
    assert len(names) > 60
    assert not [n for n in sorted(names) if n + "(" not in generator]


def test_generated_code_is_known(request):
    """`trivet emit` of every case for AArch64 has no word that the disassembler does not know."""
    host = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
    lines, unknown = 0, []
    for case in sorted((ROOT / "tests/cases").rglob("*.tv")):
        done = subprocess.run([ROOT / host.trivet, "emit", "--target=aarch64-linux", case],
                              capture_output=True, text=True, timeout=60)
        lines += done.stdout.count("\n")
        unknown += [f"{case.name}: {line}" for line in done.stdout.splitlines()
                    if re.search(r"\s\.(?:word|byte)\b", line)]
    assert lines > 50_000 and not unknown, unknown[:20]
