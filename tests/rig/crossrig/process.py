"""Runs one program with limits, and says how it ended.

Standard files are real files: Wine's services would keep a pipe open, and a hang can be seen by a
file that stops growing.  A program gets a process group of its own, which is killed as a whole; what it
started in other sessions is found by a mark in the environment and killed as well.
"""

import contextlib
import ctypes
import dataclasses
import itertools
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

try:
    import resource
except ImportError:  # not on Windows
    resource = None

LIMIT = 64 << 20  # bytes a program may write, to either of stdout and stderr
SESSION_VARIABLE = "CROSSRIG_SESSION"  # the folder that a test run's processes share
MARK = "CROSSRIG_RUN"  # an environment variable that names the run a process belongs to
PR_SET_PDEATHSIG = 1
WINE_NOT_STARTED = b"wine: failed to map the shared user data"
serial = itertools.count()
folder_of_project = Path.cwd()

# Windows' exception codes; through Wine only their low byte arrives.
WINDOWS_CODES = {
    0xC0000005: "access violation", 0xC000001D: "illegal instruction", 0xC0000094: "integer division by zero",
    0xC0000095: "integer overflow", 0xC00000FD: "stack overflow", 0xC0000409: "stack buffer overrun",
    0xC0000096: "privileged instruction", 0xC0000006: "in-page error", 0x80000003: "breakpoint, or abort",
    0xC0000135: "a DLL was not found", 0xC00000FF: "bad function table",
}
LOW_BYTES = {code & 0xff: f"{text}?" for code, text in reversed(WINDOWS_CODES.items())}


def use_root(path):
    """The project's folder: programs run in it, and all files are written below its build/."""
    global folder_of_project
    folder_of_project = Path(path).resolve()


def root():
    return folder_of_project


@dataclasses.dataclass
class Ended:
    status: int  # exit status, negative for a signal
    timed_out: bool
    seconds: float
    out: bytes
    err: bytes
    target: object
    flooded: bool = False  # it was killed because it wrote more than LIMIT

    @property
    def how(self):
        """In words: '' for success."""
        if self.flooded:
            return f"it wrote more than {LIMIT >> 20} MiB, and was killed"
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
        if self.status == 99:
            return "exit status 99 (hard error)"
        if self.target.format == "PE":
            told = WINDOWS_CODES.get(self.status & 0xffffffff) or LOW_BYTES.get(self.status)
            if told:
                return f"exit status {self.status:#x} (Windows: {told})"
        return f"exit status {self.status}"

    @property
    def outcome(self):
        """pass, skip, fail, error, crash, hang: the convention of Automake, Meson and CTest."""
        if self.timed_out or self.flooded:
            return "hang" if self.timed_out else "fail"
        if self.status in (0, 77, 99):
            return {0: "pass", 77: "skip", 99: "error"}[self.status]
        return "crash" if "signal" in self.how or "(Windows" in self.how else "fail"

    @property
    def text(self):
        """What it said, stdout before stderr, cut in the middle when it is long."""
        text = readable(self.out[:200000] + self.err).rstrip()
        return text if len(text) < 6000 else f"{text[:3000]}\n…\n{text[-3000:]}"

    @property
    def reason(self):
        """Of a skip: the last line printed."""
        lines = readable(self.out or self.err).split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "exit status 77 without a reason")


def readable(data):
    """Bytes as text that no terminal and no XML parser minds."""
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}",
                  data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))


def limits():
    """In the child, before it runs: no core files, and its end when the rig ends."""
    if resource:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def scratch_directory():
    path = folder_of_project / "build" / "rig"
    path.mkdir(parents=True, exist_ok=True)
    return path


def sweep():
    """Remove what rigs that were killed have left.  Names of folders hold the process that made them."""
    for path in scratch_directory().iterdir():
        kind, _, rest = path.name.partition("-")
        number = rest.partition("-")[0]
        if kind in ("session", "run") and number.isdigit() and not Path("/proc", number).exists():
            shutil.rmtree(path, ignore_errors=True)


def own_folder(kind):
    """A new folder; inside that of the session where there is one, which is removed as a whole."""
    session = os.environ.get(SESSION_VARIABLE, "")
    above = session if kind == "run" and os.path.isdir(session) else scratch_directory()
    return Path(tempfile.mkdtemp(prefix=f"{kind}-{os.getpid()}-", dir=above))


def environment(target, mark=""):
    env = dict(os.environ)
    env.setdefault("LC_ALL", "C")
    if getattr(target, "make_args", ()):
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
    if mark:
        env[MARK] = mark
    return env


def run(target, line, stdin=b"", total=60.0, silent=None, watch=None):
    """run_once; again while Wine itself could not start, which says nothing of the program (see crossrig/wine)."""
    for _ in range(3):
        ended = run_once(target, line, stdin, total, silent, watch)
        if ended.status != 1 or WINE_NOT_STARTED not in ended.err:
            break
    return ended


def run_once(target, line, stdin, total, silent, watch):
    """Run a command line.  `total` seconds at most; `silent` seconds at most without new output.

    `watch`, when given, is called with the output so far whenever it grew; it may return True to
    have the program killed (it has said something wrong).  Times are native ones: they are stretched
    for an emulator."""
    total *= target.slow
    silent = silent and silent * target.slow
    folder = own_folder("run")
    # Wine's services are meant to stay, and whatever starts first starts these.
    mark = f"{os.getpid()}.{next(serial)}" if target.system != "windows" else ""
    try:
        (folder / "in").write_bytes(stdin)
        with open(folder / "in", "rb") as i, open(folder / "out", "wb") as o, \
                open(folder / "err", "wb") as e:
            child = subprocess.Popen(line, stdin=i, stdout=o, stderr=e, cwd=folder_of_project,
                                     env=environment(target, mark), start_new_session=True, preexec_fn=limits)
            try:
                seconds, timed_out = wait(child, folder, total, silent, watch)
            finally:
                kill_group(child)
                if mark:
                    kill_marked(f"{MARK}={mark}")
        flooded = any((folder / name).stat().st_size > LIMIT for name in ("out", "err"))
        return Ended(child.returncode, timed_out, seconds, head(folder / "out"), tail(folder / "err"), target, flooded)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def head(path):
    with open(path, "rb") as f:
        return f.read(LIMIT)


def tail(path, size=20000):
    with open(path, "rb") as f:
        f.seek(max(0, path.stat().st_size - size))
        return f.read()


def wait(child, folder, total, silent, watch):
    start = grown = time.monotonic()
    size = 0
    nap = 0.002
    out, err = folder / "out", folder / "err"
    while child.poll() is None:
        try:
            child.wait(nap)
            break
        except subprocess.TimeoutExpired:
            nap = min(nap * 1.5, 0.05)
        now = time.monotonic()
        new_size = out.stat().st_size
        if new_size > LIMIT or err.stat().st_size > LIMIT:
            return now - start, False
        if new_size != size:
            size, grown = new_size, now
            if watch and watch(out.read_bytes()):
                return now - start, False
        if now - start > total or silent and now - grown > silent:
            return now - start, True
    return time.monotonic() - start, False


def kill_group(child):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def kill_marked(*marks):
    """End what a program has started and left, even in another session: what has these in its environment."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if all(any(word.startswith(mark.encode()) for word in words) for mark in marks):
                os.kill(int(path.parent.name), signal.SIGKILL)


def tool(line, timeout=1200):
    """Run a compiler or make: (exit status, what it said).  Interrupted, it takes its children along."""
    from .toolchains import make_environment
    with tempfile.TemporaryFile(dir=scratch_directory()) as said:
        try:
            child = subprocess.Popen(line, cwd=folder_of_project, env=make_environment(), stdin=subprocess.DEVNULL,
                                     stdout=said, stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=limits)
        except OSError as e:
            return 127, f"{line[0]}: {e.strerror}"
        try:
            status = child.wait(timeout)
        except subprocess.TimeoutExpired:
            status = 124
        finally:
            kill_group(child)
        said.seek(0)
        return status, said.read().decode("utf-8", "replace")


def quote(line):
    """A command line to paste into a shell, in the project's folder."""
    return " ".join(shlex.quote(str(word)) for word in line)


def shown(path):
    """A path as the project's folder sees it, or absolute when it lies elsewhere."""
    relative = os.path.relpath(path, folder_of_project)
    return str(path) if relative.startswith("..") else relative
