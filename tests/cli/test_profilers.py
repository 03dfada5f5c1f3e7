"""What tools see of generated code from outside: gdb, perf, Valgrind, and a reader of the files made for them."""

import os
import re
import shutil
import socket
import struct
import subprocess
import time

import pytest

from rig import targets

ROOT = targets.ROOT
FRAMES = ["probe (n=21)", "in inner () at shown.tv:4", "in outer () at shown.tv:7",
          "in outer(entry) () at shown.tv:6", "in main ("]


def pytest_generate_tests(metafunc):
    if "target_name" in metafunc.fixturenames:
        chosen = [t.name for t in metafunc.config.rig.targets if not t.variant and t.system == "linux"]
        metafunc.parametrize("target_name", chosen)


def build(target, folder):
    if target.missing():
        pytest.skip(target.missing())
    program = folder / "watched"
    if not (ROOT / target.library).exists():
        status, said = targets.make(target, target.library)
        assert status == 0, said
    done = subprocess.run([*target.compiler.split(), "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-static",
                           f"-I{ROOT}/src", ROOT / "tests/cli/watched.c", ROOT / target.library, "-pthread",
                           "-o", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture
def target(request, target_name):
    return request.config.rig.all_targets[target_name]


@pytest.fixture
def native(request, tmp_path):
    host = next(t for t in request.config.rig.all_targets.values() if t.host and not t.variant)
    if host.system != "linux":
        pytest.skip("not for this target: these tools are Linux'")
    return build(host, tmp_path)


def need(tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")


def gdb(tool, program, *commands, debuggee=()):
    """What gdb prints for these commands."""
    line = [tool, "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off"]
    for command in commands:
        line += ["-ex", command]
    done = subprocess.run([*line, "--args", program, *debuggee], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=100)
    return done.stdout + done.stderr


def assert_backtrace(said):
    at = 0
    for frame in FRAMES:
        assert frame in said[at:], f"no {frame!r} in\n{said}"
        at = said.index(frame, at)
    assert "exited normally" in said, said


def test_gdb_shows_names_and_lines(native):
    need("gdb")
    said = gdb("gdb", native, "break probe", "run", "bt", "continue", debuggee=["debugger", "1"])
    if "Breakpoint 1, " not in said:
        pytest.skip("not for this target: gdb may not run a program here")
    assert_backtrace(said)


def test_gdb_shows_them_of_the_last_of_many_modules(native):
    need("gdb")
    said = gdb("gdb", native, "break probe", "run", "bt", "continue", debuggee=["debugger", "200"])
    if "Breakpoint 1, " not in said:
        pytest.skip("not for this target: gdb may not run a program here")
    assert_backtrace(said)


def test_registering_is_not_quadratic(native):
    def cost(modules):
        def once():
            before = os.times()
            subprocess.run([native, "debugger", str(modules)], check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            return after.children_user + after.children_system - before.children_user - before.children_system
        return min(once() for _ in range(3))

    few, many = cost(1000), cost(4000)
    assert many < 9 * max(few, 0.01), f"1,000 modules {few:.3f} s, 4,000 modules {many:.3f} s"


def test_gdb_on_another_machine(request, tmp_path):
    """qemu-aarch64's own gdb server, and a gdb that knows the machine."""
    need("gdb-multiarch")
    rig = request.config.rig
    target = next((t for t in rig.targets if t.name == "aarch64-linux" and not t.variant), None)
    if not target or not target.runner:
        pytest.skip("not for this target: aarch64-linux is not tested, or is this machine")
    program = build(target, tmp_path)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    emulator = subprocess.Popen([*target.runner.split(), "-g", str(port), program, "debugger", "2"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        said = ""
        for _ in range(20):
            said = gdb("gdb-multiarch", program, "set architecture aarch64", f"target remote 127.0.0.1:{port}",
                       "break probe", "continue", "bt", "continue")
            if "Connection refused" not in said and "onnection timed out" not in said:
                break
            time.sleep(0.25)
        assert_backtrace(said)
    finally:
        emulator.kill()
        emulator.wait()


# ---- jitdump ------------------------------------------------------------------------------------


def read_jitdump(data):
    """(machine, functions): {name: (address, bytes, [(address, line, file)])} - written from perf's
    jitdump-specification.txt; anything out of order is an assertion."""
    magic, version, size, machine, _, pid, _, flags = struct.unpack_from("<IIIIIIQQ", data)
    assert (magic, version, size, flags) == (0x4A695444, 1, 40, 0)
    at, functions, lines, indexes, kinds, times = size, {}, {}, [], [], []
    while at < len(data):
        kind, size, when = struct.unpack_from("<IIQ", data, at)
        body = data[at + 16 : at + size]
        assert size >= 16 and len(body) == size - 16, "a record beyond the end"
        kinds.append(kind)
        times.append(when)
        if kind == 0:
            its_pid, _, vma, address, length, index = struct.unpack_from("<IIQQQQ", body)
            name, rest = body[40:].split(b"\0", 1)
            assert its_pid == pid and vma == address and len(rest) == length
            indexes.append(index)
            functions[name.decode()] = (address, rest, lines.pop(address, []))
        elif kind == 2:
            address, count = struct.unpack_from("<QQ", body)
            entries, body = [], body[16:]
            for _ in range(count):
                where, line, _ = struct.unpack_from("<QII", body)
                file, body = body[16:].split(b"\0", 1)
                entries.append((where, line, file.decode()))
            assert body == b""
            lines[address] = entries
        else:
            assert kind == 3 and size == 16
        at += size
    assert kinds[-1] == 3 and kinds.count(3) == 1 and not lines
    assert times == sorted(times) and indexes == list(range(len(indexes)))
    return machine, pid, functions


def test_jitdump_by_a_reader(target, tmp_path):
    program = build(target, tmp_path)
    done = subprocess.run([*target.runner.split(), program, "jitdump", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (dump,) = tmp_path.glob("trivet-*/jit-*.dump")
    machine, pid, functions = read_jitdump(dump.read_bytes())
    assert machine == target.machine and dump.name == f"jit-{pid}.dump"
    assert {"inner", "outer", "spin", "outer (entry)"} <= set(functions)
    for name, wanted in (("inner", {3, 4}), ("outer", {7}), ("spin", {11, 12})):
        address, code, lines = functions[name]
        assert wanted <= {line for _, line, _ in lines} and {file for *_, file in lines} == {"shown.tv"}
        places = [where for where, *_ in lines]
        assert places == sorted(places) and address <= places[0] and places[-1] < address + len(code)
    # what lies there is this machine's code: `ret`, and the constant 31 of spin()
    assert (b"\xc3" if machine == 62 else b"\xc0\x03\x5f\xd6") in functions["spin"][1]


def test_jitdump_that_cannot_be_made(target, tmp_path):
    program = build(target, tmp_path)
    done = subprocess.run([*target.runner.split(), program, "jitdump", tmp_path / "nowhere"], capture_output=True,
                          text=True)
    assert done.returncode == 1 and "cannot begin" in done.stdout


def test_perf_shows_names_and_lines(native, tmp_path):
    need("perf")
    data, injected = tmp_path / "perf.data", tmp_path / "perf.jit.data"

    def perf(*args):
        return subprocess.run(["perf", *map(str, args)], capture_output=True, text=True, timeout=100,
                              stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)})

    done = perf("record", "-q", "-k", "mono", "-e", "cpu-clock", "-o", data, "--", native, "jitdump", tmp_path)
    if not data.exists() or not data.stat().st_size or "ermission" in done.stderr:
        pytest.skip(f"not for this target: perf may not record here: {done.stderr.strip()[:100]}")
    assert done.returncode == 0, done.stderr
    done = perf("inject", "--jit", "-i", data, "-o", injected)
    assert done.returncode == 0, done.stderr
    said = perf("report", "--stdio", "-i", injected, "--sort", "sym,srcline").stdout
    spin = re.findall(r"([0-9.]+)%\s+\[\.\] spin\s+shown\.tv:(\d+)", said)
    assert spin and {int(line) for _, line in spin} <= {10, 11, 12, 13, 14}, said
    assert sum(float(share) for share, _ in spin) > 50, said


def test_valgrind_forgets_freed_code(native):
    """Addresses are used again at once; Valgrind is told not to look for that itself."""
    need("valgrind")
    done = subprocess.run(["valgrind", "--tool=none", "-q", "--smc-check=none", native, "reuse", "300"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "0 at another address, 0 wrong\n", done.stdout + done.stderr
