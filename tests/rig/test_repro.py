"""A failing case is looked at closely: make repro, and the lines that open a debugger on it."""

import re
import shutil
import socket
import subprocess

import pytest

from rig import cases, debug, process, stream, targets
from rig.targets import ROOT

TEXT = """fn inner(n: i64) -> i64 {
	return n * 3 / (n - 4);
}
fn f(n: i64) -> i64 {
	return inner(n) + 1;
}
//! f(5) == 16
//! f(4) == 1
//! f(3) == 7
"""


@pytest.fixture(scope="module")
def every():
    return targets.load_targets()


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "looked at.tv"
    path.write_text(TEXT)
    return path


def repro(*arguments):
    return subprocess.run(["make", "-s", "--no-print-directory", "repro", *arguments], cwd=ROOT, text=True,
                          capture_output=True, env=targets.make_environment(), timeout=300)


def test_repro_shows_all_there_is_to_know(program, every):
    host = next(t.name for t in every.values() if t.host)
    done = repro(f"CASE={program}", f"TARGETS={host}")
    out = done.stdout
    assert done.returncode == 2 and f"{program}: 3 calls on 3 targets × engines, 2 WRONG" in out, out + done.stderr
    assert re.search(rf"    {host} optimized +trap:divide-by-zero@inner:2\n", out)
    assert re.search(rf"    {host} baseline +i64:0xfffffffffffffff8  = -8\n", out)
    assert "FAIL expected i64:0x0000000000000007" in out
    assert "     2  \treturn n * 3 / (n - 4);\n" in out  # the program
    assert f"machine code of inner, {host} baseline:\n    inner:\n           0  " in out
    assert f"reproduce: build/{host}/trivet run --bits --engine=baseline '{program}' 'f(4)'" in out
    assert (f"  debug: gdb -q -ex 'set breakpoint pending on' -ex 'break {program.name}:f' "
            f"-ex 'break {program.name}:2' -ex run") in out


def test_repro_of_one_line_and_of_names_as_the_tests_print_them(every):
    host = next(t.name for t in every.values() if t.host)
    done = repro(f"CASE={host}::calls/live.tv:15::baseline", f"TARGETS={host}")
    assert done.returncode == 0 and "live.tv:15: across(" in done.stdout, done.stdout + done.stderr
    assert "1 calls on 1 targets × engines, all as they should be" in done.stdout
    for case, said in (("CASE=no/such.tv", "there is no case 'no/such.tv'"), ("CASE=", "usage: make repro")):
        done = repro(case)
        assert done.returncode == 2 and said in done.stderr
    done = repro("CASE=calls/live.tv", "TARGETS=z80")
    assert done.returncode == 2 and "no target 'z80'" in done.stderr


def test_a_crash_shows_the_call_that_was_running(every):
    target = next(t for t in every.values() if t.host)
    run = stream.Run("x.tv", [stream.Result(7, "f(5)", "i64:0x10", "ok")], error="signal SIGSEGV")
    table = cases.Table("x.tv", TEXT.encode(), {(target.name, "baseline"): run}, every)
    report = table.judge((target.name, "baseline"))
    assert "the first call without an answer: x.tv:8: f(4)\n" in report
    assert "signal SIGSEGV" in report and "'break x.tv:f'" in report


@pytest.mark.parametrize("engine", ["baseline", "optimized"])
@pytest.mark.parametrize("name", ["x86_64-linux", "aarch64-linux"])
def test_the_line_opens_a_debugger(program, every, name, engine):
    target = every[name]
    debugger = "gdb-multiarch" if target.runner else "gdb"
    if target.missing() or not (target.runner or target.host):
        pytest.skip(target.missing() or "not for this target: it cannot be debugged here")
    if not shutil.which(debugger):
        pytest.skip(f"{debugger} is not installed (Debian: {debugger})")
    status, said = targets.make(target, "all")
    assert status == 0, said
    line = debug.gdb_line(target, engine, program, "f(4)", "trap:divide-by-zero@inner:2")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        line = line.replace(f"-g {debug.PORT}", f"-g {s.getsockname()[1]}").replace(
            f":{debug.PORT}", f":{s.getsockname()[1]}")
    batch = f"{debugger} -nx -batch -ex 'set confirm off'"
    last = "-ex bt -ex 'x/i $pc' -ex 'delete 1' -ex continue -ex bt -ex kill"
    line = line.replace(f"{debugger} -q", batch)
    line = line.replace(" --args", f" {last} --args") if not target.runner else f"{line} {last}"
    done = subprocess.run(["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL)
    here = re.escape(str(program))
    assert re.search(rf"^(Breakpoint|Temporary).*\bf(\(entry\))? \(\) at {here}:[45]$", done.stdout, re.M), \
        done.stdout + done.stderr
    assert re.search(r"^=> 0x[0-9a-f]+ <f", done.stdout, re.M), done.stdout
    assert re.search(r"^#\d+ .* main \(", done.stdout, re.M), done.stdout  # the way back to it
    if engine == "baseline":
        assert re.search(rf"^Breakpoint 2.*\binner \(\) at {here}:2$", done.stdout, re.M), done.stdout
        assert re.search(rf"^#1 .* f \(\) at {here}:5$", done.stdout, re.M), done.stdout


def test_each_target_and_engine_has_its_line(every):
    for target in every.values():
        runner = (target.runner_line() or [""])[0]
        for engine in stream.ENGINES:
            line = debug.gdb_line(target, engine, "x.tv", "f(1)")
            if runner.startswith("qemu-"):
                assert line.startswith(f"{runner} -g {debug.PORT} ") and "gdb-multiarch" in line
            elif target.runner == "wine":
                assert " winedbg build/" in line
            else:
                assert line.startswith("gdb ")
            assert "f(1)" in line and ("break" in line) == (engine != "interp" and target.runner != "wine")


def test_long_programs_show_the_function_that_was_called():
    text = b"".join(b"fn f%d() -> i64 {\n\treturn %d;\n}\n" % (i, i) for i in range(50))
    assert debug.program_shown(text, "f30") == ["    91  fn f30() -> i64 {", "    92  \treturn 30;", "    93  }"]
    assert len(debug.program_shown(b"fn f() {\n" + b"\n" * 1000, "f")) <= debug.SHOWN_LINES
    assert process.quote(["a b"]) == "'a b'"
