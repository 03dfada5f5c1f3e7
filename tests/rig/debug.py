"""What a failure's message says beyond the values: the program, the machine code, a debugger on it."""

import functools
import re
import subprocess
from pathlib import Path

from . import process, stream, targets
from .targets import ROOT

SHOWN_LINES = 40  # of a program
SHOWN_CODE = 80  # of machine code, in lines
PORT = 4711
CALLED = re.compile(r"\s*([A-Za-z_]\w*)\s*\(")
TRAP_AT = re.compile(r"trap:[a-z-]+@(\w+):(\d+)")


def called(call):
    """The function's name."""
    match = CALLED.match(call)
    return match[1] if match else ""


def call_of(directive):
    """'f(1) == 2' -> 'f(1)'"""
    return re.split(r" (?:==|traps|leaves) ", directive)[0].strip()


def program_shown(text, function):
    """The program, with line numbers; of a long one the lines of the function only."""
    lines = text.decode("utf-8", "backslashreplace").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first, last = 0, len(lines)
    if last > SHOWN_LINES:
        start = re.compile(rf"\s*fn\s+{re.escape(function)}\s*\(")
        first = next((i for i, line in enumerate(lines) if start.match(line)), 0)
        ends = (i for i in range(first, last) if lines[i].startswith("}") or i > first and "fn " in lines[i])
        last = min(next(ends, last - 1) + 1, first + SHOWN_LINES)
    return [f"{i + 1:6}  {lines[i]}" for i in range(first, last)]


@functools.lru_cache(maxsize=64)
def emitted(base, engine, arguments, path):
    """Disassembly for a target by this machine's own trivet; a list of lines, and what went wrong."""
    host = next((t for t in targets.load_targets().values() if t.host and not t.variant), None)
    if not host or not (ROOT / host.trivet).exists():
        return [], "this machine's trivet is not built"
    line = [host.trivet, "emit", f"--engine={engine}", f"--target={base}", *arguments, str(path)]
    try:
        done = subprocess.run(["./" + line[0], *line[1:]], cwd=ROOT, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as e:
        return [], str(e)
    if done.returncode:
        said = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        return [], said[-1] if said else f"exit status {done.returncode}"
    return done.stdout.decode("utf-8", "backslashreplace").splitlines(), ""


def machine_code(target, engine, path, function):
    """The function's machine code, indented, or why there is none."""
    if engine == "interp":
        return ["      (interpreted: see trivet emit --form=bytecode)"]
    arguments = tuple(target.program_args)
    lines, problem = emitted(target.base, engine, arguments, path)
    if problem:
        return [f"      (not shown: {problem})"]
    starts = [i for i, line in enumerate(lines) if line and not line[0].isspace()]
    first = next((i for i in starts if lines[i].rstrip(":") == function), 0)
    last = next((i for i in starts if i > first), len(lines))
    shown = lines[first:min(last, first + SHOWN_CODE)]
    more = [f"… and {last - first - SHOWN_CODE} more"] if last - first > SHOWN_CODE else []
    return ["    " + line for line in shown + more]


def gdb_line(target, engine, path, call, value=""):
    """What opens a debugger on the call, stopped where the function is entered; and, continued, where it
    traps, as far as optimised code still has that line."""
    line = stream.run_command(target, engine, path, call)
    line.insert(line.index("run") + 1, "--debugger")
    trap = TRAP_AT.match(value)
    file = Path(path).name
    stop = ["-ex", "set breakpoint pending on", "-ex", f"break {file}:{called(call)}"]
    stop += ["-ex", f"break {file}:{trap[2]}"] if trap else []
    if engine == "interp":
        stop = []  # nothing is compiled: stop where you like
    if target.format == "PE" and target.runner:
        return f"WINEPREFIX=$PWD/build/wine WINEDEBUG=-all winedbg {process.quote(line[1:])}"
    runner = (target.runner_line() or [""])[0]
    if not runner:
        return process.quote(["gdb", "-q", *stop, "-ex", "run", "--args", *line])
    if not runner.startswith("qemu-"):
        return ""
    line[1:1] = ["-g", str(PORT)]
    gdb = ["gdb-multiarch", "-q", target.trivet, "-ex", f"target remote 127.0.0.1:{PORT}", *stop, "-ex", "continue"]
    return f"{process.quote(line)} & {process.quote(gdb)}"


def details(target, engine, path, text, call, value=""):
    """What a failure's message says beyond the values."""
    trap = TRAP_AT.match(value)
    function = trap[1] if trap else called(call)
    return ["  program:", *program_shown(text, function),
            f"  machine code of {function}, {target.name} {engine}:",
            *machine_code(target, engine, ROOT / path, function),
            f"  debug: {gdb_line(target, engine, path, call, value)}"]
