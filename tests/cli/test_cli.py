"""The trivet command on every target: what it prints, its exit codes, and what it says to bad input."""

import re

import pytest

from rig import process, targets

ROOT = targets.ROOT
ENGINES = ("interp", "baseline", "optimized")

ADD = """fn add(a: i64, b: i64) -> i64 { return a + b; }
fn div(a: i32, b: i32) -> i32 {
    return a / b;
}
fn half(x: f64) -> f64 { return x / 2.0; }
fn fill(xs: [u8]) { for i in 0..len(xs) { xs[i] = 7; } }
fn spin() -> i64 { loop { } }
fn deep(n: i64) -> i64 { return if n == 0 { 0 } else { deep(n - 1) + 1 }; }
//! add(10, 5) == 15
//! div(1, 0) traps divide-by-zero
//! fill([1, 2]) leaves [7, 7]
"""


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        # with sanitizers too: that is where a leak on the way out of an error shows
        chosen = [t.name for t in metafunc.config.rig.targets if not t.variant or t.variant.name == "asan"]
        metafunc.parametrize("target_name", chosen, scope="module")


@pytest.fixture(scope="module")
def target(request, target_name):
    target = request.config.rig.all_targets[target_name]
    if target.missing():
        pytest.skip(target.missing())
    assert targets.wrong_machine(target, ROOT / target.trivet) == ""
    return target


@pytest.fixture
def folder(tmp_path):
    """A name with a space, because users have them."""
    path = tmp_path / "my programs"
    path.mkdir()
    return path


@pytest.fixture
def add(folder):
    path = folder / "add.tv"
    path.write_text(ADD)
    return path


def run(target, *args):
    """(exit status, standard output, standard error)"""
    ended = process.run(target, target.command(target.trivet, *args), total=60)
    assert not ended.timed_out, args
    return ended.status, ended.out.decode(), ended.err.decode()


# ---- What it is for ----


@pytest.mark.parametrize("engine", ENGINES)
def test_run_prints_the_value(target, add, engine):
    assert run(target, "run", f"--engine={engine}", add, "add(10, 5)") == (0, "15\n", "")


def test_run_prints_bits(target, add):
    assert run(target, "run", "--bits", add, "half(3.0)") == (0, "f64:0x3ff8000000000000\n", "")


def test_all_engines_in_one_run(target, add):
    assert run(target, "run", "--engine=all", add, "half(5.0)") == (0, "2.5\n2.5\n2.5\n", "")


@pytest.mark.parametrize("engine", ENGINES)
def test_trap_is_told(target, add, engine):
    status, out, err = run(target, "run", f"--engine={engine}", add, "div(1, 0)")
    assert (status, out) == (3, "")
    assert "divide-by-zero in div," in err and err.rstrip().endswith("add.tv:3")


@pytest.mark.parametrize("engine", ENGINES)
def test_timeout(target, add, engine):
    status, out, err = run(target, "run", "--timeout=50", f"--engine={engine}", add, "spin()")
    assert (status, out) == (3, "") and "interrupted in spin" in err


def test_max_depth(target, add):
    assert run(target, "run", "--max-depth=10", add, "deep(10)") == (0, "10\n", "")
    status, out, err = run(target, "run", "--max-depth=10", add, "deep(11)")
    assert (status, out) == (3, "") and "stack-overflow" in err


def test_check(target, add):
    status, out, err = run(target, "check", "--engine=all", add)
    assert (status, err) == (0, "")
    assert out.count("ok ") == 9 and out.endswith("9 passed, 0 failed, 0 without expectation\n")


def test_check_fails(target, add):
    add.write_text(ADD + "//! add(1, 1) == 3\n")
    status, out, _ = run(target, "check", add)
    assert status == 1
    assert "FAIL" in out and "add(1, 1) = i64:0x0000000000000002 (2), expected i64:0x0000000000000003" in out


def test_check_without_directives_is_no_success(target, folder):
    (folder / "none.tv").write_text("fn f() {}\n")
    status, _, err = run(target, "check", folder / "none.tv")
    assert status == 1 and "no directives" in err


@pytest.mark.parametrize("form", ("asm", "bytes", "ir", "ast", "bytecode"))
def test_emit(target, add, form):
    status, out, err = run(target, "emit", f"--form={form}", add)
    assert (status, err) == (0, "") and "add" in out and len(out) > 100


@pytest.mark.parametrize("name", ("x86_64-linux", "x86_64-windows", "aarch64-linux"))
@pytest.mark.parametrize("engine", ("baseline", "optimized"))
def test_emitted_assembly_is_instructions_only(target, name, engine):
    """The disassembler knows all that the generators write, in every tenth program."""
    for case in sorted((ROOT / "tests/cases").rglob("*.tv"))[::10]:
        status, out, err = run(target, "emit", f"--target={name}", f"--engine={engine}", case)
        assert (status, err) == (0, "") and ":\n" in out, case
        assert ".byte" not in out and ".word" not in out, case


@pytest.mark.parametrize("before", range(8))
@pytest.mark.parametrize("name", ("x86_64-linux", "x86_64-windows"))
def test_inner_loops_are_aligned(target, name, before, folder):
    """Where a loop lies must not decide how fast it is: the rounds of an inner one begin at a multiple of 32, whatever
    comes before; those of an outer one, or that few are left of, do not get padding, nor do any of baseline."""
    loop = folder / f"loop{before}.tv"
    loop.write_text(f"""fn f(xs: [i64], n: i64) -> i64 {{
        let s = n;
        {"s = s * n ^ 1;" * before}
        for k in 0..n {{
            if s < k {{ {"s = s * 3 / n;" * before} }}
            for i in 0..n {{ s = s * 3 ^ xs[i]; }}
        }}
        return s;
    }}""")
    text = run(target, "emit", f"--target={name}", loop)[1].partition("f (entry)")[0]
    jumps = [(int(at, 16), int(to, 16)) for at, to in re.findall(r"^ +(\w+)  j\w+ 0x(\w+)$", text, re.M)]
    back = sorted(to for at, to in jumps if to < at)
    assert len(back) == 4 and back[1] % 32 == 0, text  # outer; inner, what is left of it, the same with checks
    padded = {int(at, 16) for at in re.findall(r" (?:nop|xchg ax, ax).*\n +(\w+)  (?!nop|xchg ax)", text)}
    assert padded <= {back[1]}
    assert " nop" not in run(target, "emit", f"--target={name}", "--engine=baseline", loop)[1]


def test_emitted_ast_is_a_program(target, add, folder):
    _, out, _ = run(target, "emit", "--form=ast", add)
    again = folder / "again.tv"
    again.write_text(out)
    assert run(target, "emit", "--form=ast", again) == (0, out, "")


def test_emit_is_the_same_on_every_host(target, add, request):
    """Any host can emit for any target; the bytes must not depend on which one did, nor on where anything lies."""
    host = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
    add.write_text(ADD + "extern fn h(i64) -> i64;\nfn ask(a: i64) -> i64 { return h(a) / a; }\n")
    for name in ("x86_64-linux", "aarch64-linux", "x86_64-windows"):
        # for itself a machine would use the features it has
        here = run(target, "emit", "--form=bytes", f"--target={name}", "--features=none", "--stand-ins", add)
        there = run(host, "emit", "--form=bytes", f"--target={name}", "--features=none", "--stand-ins", add)
        assert here[0] == 0 and here == there


def test_lists(target):
    status, out, _ = run(target, "targets")
    assert status == 0 and f"* {target.base}\n" in out and len(out.splitlines()) == 3
    status, out, _ = run(target, "features")
    assert status == 0 and ("bti" in out) == target.base.startswith("aarch64")
    status, out, _ = run(target, "version")
    assert status == 0 and target.base in out


def test_features_can_be_masked(target, add):
    assert run(target, "run", "--features=none", add, "half(1.0)") == (0, "0.5\n", "")
    status, out, _ = run(target, "features", "--features=none")
    assert status == 0 and out.count("masked") == len(out.splitlines())


def test_help(target):
    status, out, err = run(target, "--help")
    assert (status, err) == (0, "")
    for command in ("run", "check", "emit", "bench", "targets", "features", "version"):
        assert f"trivet {command}" in out
        status, text, err = run(target, command, "--help")
        assert (status, err) == (0, "") and text.startswith(f"Usage: trivet {command}")


# ---- What goes wrong ----


@pytest.mark.parametrize("args, said", [
    ((), "trivet run FILE.tv"),
    (("fly",), "unknown command: 'fly'"),
    (("run", "x.tv"), "usage: trivet run"),
    (("run", "a", "b", "c"), "usage: trivet run"),
    (("check",), "usage: trivet check"),
    (("targets", "--colour"), "unknown option: '--colour'"),
    (("targets", "--engine=jit"), "no such engine: 'jit'"),
    (("targets", "--engine="), "no such engine"),
    (("targets", "--features=mmx"), "no such feature"),
    (("targets", "--timeout=soon"), "milliseconds"),
    (("targets", "--timeout=0"), "milliseconds"),
    (("targets", "--timeout=-1"), "milliseconds"),
    (("targets", "--max-depth=99999999999"), "at least 1"),
    (("run", "no such file.tv", "f()"), "cannot open 'no such file.tv'"),
    (("check", "no such file.tv"), "cannot open 'no such file.tv'"),
])
def test_usage_errors(target, args, said):
    status, out, err = run(target, *args)
    assert (status, out) == (2, "") and said in err


@pytest.mark.parametrize("call, said", [
    ("nobody(1)", "nobody"),
    ("add(1)", "add"),
    ("add(1, 2, 3)", "add"),
    ("add(1, true)", "i64"),
    ("add(1, 2", "call:1:"),
    ("", "call:1:"),
    ("add", "call:1:"),
    ("add(1, 2) + 1", "call:1:"),
    ("add(1/0, 2)", "divide-by-zero"),
    ("add(99999999999999999999, 2)", "fit"),
])
def test_bad_calls(target, add, call, said):
    status, out, err = run(target, "run", add, call)
    assert (status, out) == (2, "") and said in err


def test_source_errors_have_place_and_caret(target, folder):
    bad = folder / "bad.tv"
    bad.write_text("fn f() -> i64 {\n\treturn 1 + y;\n}\nfn g() -> i64 { return x; }\n")
    status, out, err = run(target, "check", bad)
    assert (status, out) == (2, "")
    assert "bad.tv:2:13: error:" in err and "bad.tv:4:24: error:" in err and err.count("^") == 2


@pytest.mark.parametrize("text", [
    b"", b"\0", b"\xff\xfe", b"fn", b"fn f(", b"{" * 100000, b"fn f() -> i64 { return " + b"(" * 100000,
    b"fn f() -> i64 { return " + b"-" * 100000 + b"1; }", b"//! f(", b"/*" * 1000, b"fn f() {" + b"if true {" * 100000,
    b"\xc3\x28" * 500, b"fn \xf0\x9f\x98\x80() {}", b"const A: i64 = A;", b"fn f() { f() }", b"fn f(a: [bool]) {}",
    b"fn f() -> i64 { return " + b"9" * 100000 + b"; }", b"x" * 1000000,
    b"fn f() -> f64 { return 1e999999999; }", b"//! program\n" * 10,
], ids=range(20))
def test_any_bytes(target, folder, text):
    path = folder / "any.tv"
    path.write_bytes(text)
    status, out, err = run(target, "check", path)
    assert status in (1, 2) and err.count("\n") < 200 and len(err) < 20000
    assert "trivet: " in err or "any.tv:" in err


def fnv(h, data):
    for byte in data:
        h = (h ^ byte) * 0x100000001b3 % (1 << 64)
    return h


@pytest.mark.parametrize("engine", ENGINES)
def test_stand_ins(target, folder, engine):
    """They answer with a hash of name and arguments (computed here once more), and write to spans."""
    path = folder / "hosts.tv"
    path.write_text("extern fn one(i32, f32) -> u32;\nextern fn two([u16], bool);\n"
                    "fn f(a: i32) -> u32 { return one(a, 1.5f32); }\n"
                    "fn g(xs: [u16]) { two(xs, true); }\n"
                    "//! f(-2)\n//! g([1, 2, 3])\n")
    h = fnv(fnv(fnv(0xcbf29ce484222325, b"one"), b"\xfe" + b"\xff" * 7), b"\0\0\xc0\x3f\0\0\0\0")
    assert h % 61 and run(target, "run", "--stand-ins", f"--engine={engine}", path, "f(-2)") == \
        (0, f"{h >> 16 & 0xffffffff}\n", "")
    h = fnv(fnv(fnv(fnv(0xcbf29ce484222325, b"two"), bytes((1, 0, 2, 0, 3, 0))), b"\3" + bytes(7)), b"\1" + bytes(7))
    xs = [1, 2, 3]
    xs[h % 3] = h >> 16 & 0xffff
    path.write_text(path.read_text() + f"//! g([1, 2, 3]) leaves {xs}\n")
    status, out, err = run(target, "check", "--stand-ins", f"--engine={engine}", path)
    assert (status, err) == (0, "") and "1 passed, 0 failed" in out


def test_stand_ins_where_they_cannot_be(target, folder):
    path = folder / "hosts.tv"
    path.write_text("extern fn one(i32) -> i32;\nfn f(a: i32) -> i32 { return one(a); }\n")
    status, out, err = run(target, "run", path, "f(1)")
    assert (status, out) == (2, "") and "extern function is not bound: one" in err
    status, out, err = run(target, "run", "--stand-ins", "--refuse-exec", path, "f(1)")
    assert (status, out) == (77, "") and "executable memory" in err
    path.write_text("extern fn one(" + ", ".join(["f64"] * 65) + ");\nfn f() { }\n")
    status, out, err = run(target, "run", "--stand-ins", path, "f()")
    assert (status, out) == (2, "") and "64" in err


def test_long_chains_are_fine(target, folder):
    path = folder / "long.tv"
    path.write_text("fn f(a: i64) -> i64 { return " + "+".join(["a"] * 20000) + "; }\n"
                    + "fn g(a: i64) -> i64 { " + "".join(f"if a == {i} {{ return {i}; }} else "
                                                         for i in range(1000)) + "{ return 7; } }\n"
                    "//! f(3) == 60000\n//! g(999) == 999\n//! g(-1) == 7\n")
    status, out, err = run(target, "check", "--engine=all", path)
    assert (status, err) == (0, ""), out + err


def test_extern_is_missing(target, folder):
    path = folder / "extern.tv"
    path.write_text("extern fn host(i64) -> i64;\nfn f() -> i64 { return host(1); }\n")
    status, out, err = run(target, "run", path, "f()")
    assert (status, out) == (2, "") and "host" in err and "i64(i64)" in err


def test_executable_memory_refused(target, add):
    status, out, err = run(target, "run", "--refuse-exec", add, "add(10, 5)")
    assert (status, out) == (0, "15\n") and "refuses executable memory" in err
    status, out, err = run(target, "run", "--refuse-exec", "--engine=baseline", add, "add(10, 5)")
    assert (status, out) == (77, "") and "refuses executable memory" in err


def test_emit_errors(target, add):
    assert run(target, "emit", "--target=vax", add)[0] == 2
    assert run(target, "emit", "--form=poem", add)[0] == 2


def test_directory_as_file(target, folder):
    status, out, err = run(target, "check", folder)
    assert (status, out) == (2, "") and "cannot" in err


def test_full_disk(target, add):
    if target.runner == "wine":
        pytest.skip("not for this target: there is no /dev/full under Windows")
    import subprocess
    with open("/dev/full", "w") as full:
        done = subprocess.run(target.command(target.trivet, "run", add, "add(1, 2)"), cwd=ROOT, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 99 and "could not be written" in done.stderr


def test_asm(request, add):
    """Of any target, on any host."""
    host = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
    status, out, err = run(host, "emit", add)
    assert status == 0 and "ret" in out
    status, out, err = run(host, "emit", "--target=aarch64-linux", add)
    assert status == 0 and "sdiv" in out
