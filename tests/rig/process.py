"""Runs one program with limits, and says how it ended.  Knows nothing of Trivet.

Standard files are real files: Wine's services would keep a pipe open, and a hang can be seen by a
file that stops growing.  A program gets a process group of its own, which is killed as a whole.
"""

import dataclasses
import os
import resource
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .targets import ROOT

# How Windows exceptions look through Wine: the low byte of the code.
WINDOWS_CODES = {
    3: "abort", 5: "access violation", 29: "illegal instruction", 148: "integer division by zero",
    149: "integer overflow", 253: "stack overflow", 9: "out of memory",
}


@dataclasses.dataclass
class Ended:
    status: int  # exit status, negative for a signal
    timed_out: bool
    seconds: float
    out: bytes
    err: bytes
    target: object

    @property
    def how(self):
        """In words: '' for success."""
        if self.timed_out:
            return f"time-out after {self.seconds:.1f} s"
        if self.status == 0:
            return ""
        if self.status < 0 or 128 < self.status < 160 and self.target.format == "ELF":
            number = -self.status if self.status < 0 else self.status - 128
            try:
                return f"signal {signal.Signals(number).name}"
            except ValueError:
                return f"signal {number}"
        if self.target.format == "PE" and self.status in WINDOWS_CODES:
            return f"exit status {self.status} (Windows: {WINDOWS_CODES[self.status]}?)"
        if self.status == 99:
            return "exit status 99 (hard error)"
        return f"exit status {self.status}"


def limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def scratch_directory():
    path = ROOT / "build" / "rig"
    path.mkdir(parents=True, exist_ok=True)
    return path


def environment(target):
    env = dict(os.environ)
    env.setdefault("LC_ALL", "C")
    if target.make_args:
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    return env


def run(target, line, stdin=b"", total=60.0, silent=None, watch=None):
    """Run a command line.  `total` seconds at most; `silent` seconds at most without new output.

    `watch`, when given, is called with the output so far whenever it grew; it may return True to
    have the program killed (it has said something wrong).  Times are native ones: they are stretched
    for an emulator."""
    total *= target.slow
    silent = silent and silent * target.slow
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=scratch_directory()))
    try:
        (folder / "in").write_bytes(stdin)
        with open(folder / "in", "rb") as i, open(folder / "out", "wb") as o, \
                open(folder / "err", "wb") as e:
            child = subprocess.Popen(line, stdin=i, stdout=o, stderr=e, cwd=ROOT, env=environment(target),
                                     start_new_session=True, preexec_fn=limits)
            try:
                seconds, timed_out = wait(child, folder / "out", total, silent, watch)
            finally:
                kill_group(child)
        return Ended(child.returncode, timed_out, seconds, (folder / "out").read_bytes(),
                     (folder / "err").read_bytes()[-20000:], target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait(child, out, total, silent, watch):
    start = grown = time.monotonic()
    size = 0
    nap = 0.002
    while child.poll() is None:
        try:
            child.wait(nap)
            break
        except subprocess.TimeoutExpired:
            nap = min(nap * 1.5, 0.05)
        now = time.monotonic()
        new_size = out.stat().st_size
        if new_size != size:
            size, grown = new_size, now
            if watch and watch(out.read_bytes()):
                return now - start, False
        if now - start > total or silent and now - grown > silent:
            return now - start, True
    return time.monotonic() - start, False


def kill_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


def quote(line):
    """A command line to paste into a shell, in the project's folder."""
    return " ".join(shlex.quote(str(word)) for word in line)


def shown(path):
    """A path as the project's folder sees it, or absolute when it lies elsewhere."""
    relative = os.path.relpath(path, ROOT)
    return str(path) if relative.startswith("..") else relative
