"""Targets: what toolchains/*.mk say, and whether this machine can build for and run each.

Knows nothing of Trivet beyond the names of make's targets.
"""

import dataclasses
import functools
import json
import os
import platform
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS_VARIABLE = "TRIVET_RIG_TARGETS"  # a JSON file instead of `make print-targets`: the rig's own tests


class RigError(Exception):
    """The rig itself cannot go on; the message is for the user."""


@dataclasses.dataclass(frozen=True)
class Variant:
    """The same cases, stretched: another CPU model or page size, features masked."""

    name: str
    runner_args: tuple
    trivet_args: tuple


@dataclasses.dataclass
class Target:
    name: str  # "aarch64-linux", or with a variant "aarch64-linux+cortex-a57"
    base: str  # without the variant
    host: bool
    compiler: str
    package: str
    nm: str
    suffix: str
    system: str
    format: str  # ELF or PE
    machine: int
    runner: str
    runner_package: str
    runner_version: str
    trivet: str
    library: str
    build: str
    variant: Variant = None
    variants: tuple = ()
    make_args: tuple = ()
    buildable: bool = True  # False: programs are given, make knows nothing of them

    def missing(self):
        """Why this machine cannot build for the target or run what it built; '' when it can."""
        for tool, package, what in (
            (shlex.split(self.compiler)[0] if self.compiler else "", self.package, "compiler"),
            (shlex.split(self.runner)[0] if self.runner else "", self.runner_package, "emulator"),
        ):
            if tool and not shutil.which(tool):
                return f"{self.base}: the {what} {tool} is not installed (Debian: {package})"
        return self.probe_variant()

    def probe_variant(self):
        """A variant can be unknown to the emulator that is here: qemu 9 ignores -p, for one."""
        if not (self.variant and self.variant.runner_args and self.runner):
            return ""
        if "-p" in self.variant.runner_args:
            version = emulator_version(self)
            number = next((w for w in version.split() if w[0].isdigit()), "0")
            if int(number.split(".")[0]) >= 9:
                return f"{self.name}: {version.splitlines()[0]} ignores -p, the page size"
        if "-plugin" in self.variant.runner_args:
            version = emulator_version(self)
            number = next((w for w in version.split() if w[0].isdigit()), "0")
            if not 7 <= int(number.split(".")[0]) <= 8:
                return f"{self.name}: the plugin is for qemu 7 and 8, and here is {version or 'none'}"
        return ""

    def command(self, program, *args):
        """The command line that runs a program of this target here, relative to the project."""
        line = []
        if self.system == "windows" and self.runner == "wine":
            line = ["scripts/wine"]
        elif self.runner:
            line = shlex.split(self.runner)
        if self.variant:
            line += self.variant.runner_args
        program = str(program)
        if not line and "/" not in program:
            program = "./" + program
        return [*line, program, *map(str, args)]

    @property
    def slow(self):
        """How much more time than natively a program may take."""
        return 4 if self.runner else 1


def load_targets():
    """All targets, by name, with their variants as "NAME+VARIANT"."""
    given = os.environ.get(TARGETS_VARIABLE)
    if given:
        rows = json.loads(Path(given).read_text())
    else:
        make = subprocess.run(
            ["make", "-s", "--no-print-directory", "print-targets"],
            cwd=ROOT, env=make_environment(), capture_output=True, text=True,
        )
        if make.returncode:
            raise RigError("make print-targets failed:\n" + make.stdout + make.stderr)
        rows = json.loads(make.stdout)
    targets = {}
    for row in sorted(rows, key=lambda row: not row["host"]):
        variants = row.pop("variants", "")
        base = Target(base=row["name"], buildable=not given, **row)
        for text in filter(None, variants.split(";")):
            name, runner_args, trivet_args = text.split(":")
            base.variants += (
                Variant(name, tuple(runner_args.split()), tuple(trivet_args.split())),)
        targets[base.name] = base
        for variant in base.variants:
            name = f"{base.name}+{variant.name}"
            targets[name] = dataclasses.replace(base, name=name, variant=variant, variants=())
        if base.host and not given:
            name = base.name + "+asan"
            targets[name] = dataclasses.replace(
                base, name=name, variant=Variant("asan", (), ()), variants=(),
                build=base.build + "-asan", library=base.build + "-asan/libtrivet.a",
                trivet=base.build + "-asan/trivet" + base.suffix, make_args=("SANITIZE=1",))
    return targets


def choose_targets(targets, text):
    """`all` (without variants), `host`, names, NAME+VARIANT, and NAME+all for every variant."""
    chosen = []
    for name in filter(None, text.replace(" ", ",").split(",")):
        if name == "all":
            found = [t for t in targets.values() if not t.variant]
        elif name == "variants":
            found = [t for t in targets.values() if t.variant and t.variant.name != "asan"]
        elif name == "host":
            found = [t for t in targets.values() if t.host and not t.variant]
        elif name in targets:
            found = [targets[name]]
        else:
            raise RigError(f"no target '{name}'; there are: all host variants {' '.join(targets)}")
        chosen += [t for t in found if t not in chosen]
    return chosen


def make_environment():
    """make below make must not inherit the outer one's flags, nor its job server."""
    drop = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TARGET", "SANITIZE", "MAKEOVERRIDES")
    return {k: v for k, v in os.environ.items() if k not in drop}


def make(target, *goals, keep_going=False):
    """(exit status, what make said)"""
    line = ["make", "--no-print-directory", f"-j{os.cpu_count() or 1}",
            f"TARGET={target.base}", *target.make_args, *goals]
    if keep_going:
        line.insert(1, "-k")
    done = subprocess.run(line, cwd=ROOT, env=make_environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def file_machine(path):
    """('ELF', 62) and the like; (None, reason) when it is neither ELF nor PE."""
    try:
        with open(path, "rb") as f:
            head = f.read(64)
            if head[:4] == b"\x7fELF" and len(head) >= 20:
                return "ELF", struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)[0]
            if head[:2] == b"MZ" and len(head) == 64:
                f.seek(struct.unpack_from("<I", head, 60)[0])
                signature = f.read(6)
                if signature[:4] == b"PE\0\0" and len(signature) == 6:
                    return "PE", struct.unpack_from("<H", signature, 4)[0]
    except OSError as e:
        return None, e.strerror
    return None, "neither ELF nor PE"


def wrong_machine(target, path):
    """What is wrong with this file as a program of the target; '' when nothing.

    Wine runs a Linux program without a word, and QEMU one of the host: so look before running."""
    form, machine = file_machine(path)
    if form is None:
        return f"{path}: {machine}"
    if (form, machine) != (target.format, target.machine):
        return (f"{path} is not a program for {target.name}: {form} machine {machine}, "
                f"expected {target.format} machine {target.machine}")
    return ""


@functools.lru_cache(maxsize=None)
def first_line(command):
    try:
        done = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=60,
                              env={**os.environ, "WINEDEBUG": "-all"})
        lines = done.stdout.splitlines()
    except (OSError, subprocess.TimeoutExpired):
        return "not there"
    return lines[0] if lines else "no answer"


def emulator_version(target):
    return first_line(target.runner_version) if target.runner_version else ""


def host_description():
    cpu = platform.machine()
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith(("model name", "CPU part")):
                cpu = line.split(":")[1].strip()
                break
    except OSError:
        pass
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, " \
           f"Python {sys.version.split()[0]}"


def describe(target):
    """One line for the report's header."""
    missing = target.missing()
    if missing:
        return f"{target.name}: SKIPPED, {missing}"
    parts = [first_line(shlex.split(target.compiler)[0] + " --version")] if target.compiler else []
    if target.runner:
        parts.append(emulator_version(target))
    return f"{target.name}: " + "; ".join(parts)
