"""Targets: what the toolchain files say, and whether this machine can build for and run each.

A target is one file NAME.mk, in make's language so that the project's Makefile can include it as well:

    SYSTEM = linux                      linux or windows
    MACHINE = ELF 183                   file format and machine number of its programs
    CC = aarch64-linux-gnu-gcc          also LD AR OBJCOPY NM
    PACKAGE = gcc-aarch64-linux-gnu     the Debian package of the compiler
    RUNNER = qemu-aarch64               what starts its programs here: empty, an emulator, wine, ssh HOST
    RUNNER_PACKAGE, RUNNER_VERSION      its Debian package; the command that prints its version
    SUFFIX CFLAGS TARGET_CFLAGS LINK LIBS
    VARIANTS = NAME:RUNNER ARGUMENTS:PROGRAM ARGUMENTS;…

A variant runs the same programs in another way.  Its runner's arguments are added to RUNNER, or are a
runner of its own when they do not begin with a dash (qemu-x86_64 -cpu core2duo).
"""

import dataclasses
import functools
import os
import platform
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from . import process

HERE = Path(__file__).resolve().parent


class RigError(Exception):
    """The rig itself cannot go on; the message is for the user."""


@dataclasses.dataclass(frozen=True)
class Variant:
    """The same programs, stretched: another CPU model or page size, features masked."""

    name: str
    runner_args: tuple
    program_args: tuple

    @property
    def runner(self):
        """True when it is a runner of its own, and not arguments for the target's."""
        return bool(self.runner_args) and not self.runner_args[0].startswith("-")


@dataclasses.dataclass
class Target:
    name: str  # "aarch64-linux", or with a variant "aarch64-linux+cortex-a57"
    base: str  # without the variant
    host: bool
    compiler: str = ""
    package: str = ""
    nm: str = ""
    suffix: str = ""
    system: str = "linux"
    format: str = "ELF"  # or PE
    machine: int = 0
    runner: str = ""
    runner_package: str = ""
    runner_version: str = ""
    cflags: str = ""
    ldflags: str = ""
    libs: str = ""
    build: str = ""  # the folder its programs are built in
    variant: Variant = None
    variants: tuple = ()
    make_args: tuple = ()
    buildable: bool = True  # False: programs are given

    def missing(self):
        """Why this machine cannot build for the target or run what it built; '' when it can."""
        if self.compiler and self.buildable and not shutil.which(shlex.split(self.compiler)[0]):
            return f"{self.base}: the compiler {shlex.split(self.compiler)[0]} is not installed (Debian: {self.package})"
        line = self.runner_line()
        if line and not shutil.which(line[0]):
            package = self.runner_package or "qemu-user"
            return f"{self.base}: the emulator {line[0]} is not installed (Debian: {package})"
        return self.unknown_to_runner()

    def unknown_to_runner(self):
        """What is asked for can be unknown to the emulator that is here."""
        line = self.runner_line()
        if not {"-p", "-plugin", "-cpu"} & set(line):
            return ""
        version = emulator_version(self)
        major = int(next((w for w in version.split() if w[0].isdigit()), "0").split(".")[0])
        if "-p" in line and major >= 9:
            return f"{self.name}: {version} ignores -p, the page size"
        if "-plugin" in line and not 7 <= major <= 8:
            return f"{self.name}: the plugin is for qemu 7 and 8, and here is {version or 'none'}"
        if "-cpu" in line:
            model = line[line.index("-cpu") + 1].split(",")[0]
            if model not in cpu_models(line[0]):
                return f"{self.name}: {line[0]} knows no CPU {model}"
        return ""

    def runner_line(self):
        """What stands before a program, variant included; without the wrappers of wine and ssh."""
        own = self.variant.runner_args if self.variant else ()
        if self.variant and self.variant.runner:
            return list(own)
        return [*shlex.split(self.runner), *own]

    def command(self, program, *args):
        """The command line that runs a program of this target here, relative to the project."""
        line = self.runner_line()
        if line and line[0] in ("wine", "ssh"):
            line[0] = wrapper(line[0])
        program = str(program)
        if not line and "/" not in program:
            program = "./" + program
        return [*line, program, *map(str, args)]

    @property
    def program_args(self):
        return self.variant.program_args if self.variant else ()

    @property
    def slow(self):
        """How much more time than natively a program may take."""
        return 4 if self.runner_line() else 1


def wrapper(name):
    """crossrig/wine and crossrig/ssh, as the project's folder sees them."""
    path = os.environ.get(f"CROSSRIG_{name.upper()}") or os.path.relpath(HERE / name, process.root())
    return path if "/" in path else "./" + path


def make_environment():
    """make below make must not inherit the outer one's flags, nor its job server."""
    drop = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TARGET", "SANITIZE", "MAKEOVERRIDES")
    return {k: v for k, v in os.environ.items() if k not in drop}


def read_toolchain(path):
    """One toolchain file as a dictionary.  A RigError names what is wrong with it."""
    make = shutil.which("make")
    if not make:
        raise RigError("make is not installed (Debian: make); toolchain files are read with it")
    done = subprocess.run([make, "-s", "--no-print-directory", "-f", HERE / "toolchain.mk", f"FILE={path}"],
                          env=make_environment(), cwd=process.root(), capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RigError(f"{path}: {(done.stderr or done.stdout).strip()}")
    values = {}
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        if key == "UNKNOWN":
            raise RigError(f"{path}: unknown key {value}; see toolchains.py for those there are")
        values[key] = value.strip()
    if not values.get("CC"):
        raise RigError(f"{path}: there is no CC, the compiler")
    if values["SYSTEM"] not in ("linux", "windows"):
        raise RigError(f"{path}: SYSTEM = {values['SYSTEM']}: it is linux or windows")
    form = values["MACHINE"].split()
    if len(form) != 2 or form[0] not in ("ELF", "PE") or not form[1].isdigit():
        raise RigError(f"{path}: MACHINE = {values['MACHINE']}: it is ELF or PE and a number, as in ELF 62")
    return values


def read_variants(path, text):
    found = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        fields = part.split(":")
        if len(fields) != 3 or not fields[0]:
            raise RigError(f"{path}: VARIANTS: '{part}': it is NAME:RUNNER ARGUMENTS:PROGRAM ARGUMENTS")
        found.append(Variant(fields[0], tuple(fields[1].split()), tuple(fields[2].split())))
    return tuple(found)


def load_target(path, build="build/{target}", kind=Target):
    """The Target of a toolchain file, variants in its `variants`."""
    path = Path(path)
    values = read_toolchain(path)
    form, machine = values["MACHINE"].split()
    return kind(
        name=path.stem, base=path.stem, host=path.stem == values["HOST"], compiler=values["CC"],
        package=values["PACKAGE"], nm=values["NM"], suffix=values["SUFFIX"], system=values["SYSTEM"], format=form,
        machine=int(machine), runner=values["RUNNER"], runner_package=values["RUNNER_PACKAGE"],
        runner_version=values["RUNNER_VERSION"], cflags=f"{values['CFLAGS']} {values['TARGET_CFLAGS']}".strip(),
        ldflags=values["LINK"], libs=values["LIBS"], build=build.format(target=path.stem),
        variants=read_variants(path, values["VARIANTS"]))


def load_targets(paths, build="build/{target}", kind=Target):
    """All targets by name, this machine's first, each followed by its variants as NAME+VARIANT."""
    if not paths:
        raise RigError("there is no toolchain file")
    found = [load_target(p, build, kind) for p in sorted(paths)]
    return with_variants(sorted(found, key=lambda t: not t.host))


def with_variants(bases):
    targets = {}
    for base in bases:
        targets[base.name] = base
        for variant in base.variants:
            name = f"{base.name}+{variant.name}"
            targets[name] = dataclasses.replace(base, name=name, variant=variant, variants=())
    return targets


def warm(target):
    """Start what has to be running before the target's programs; what went wrong, or ''."""
    if target.runner_line()[:1] != ["wine"]:
        return ""
    ended = process.run(target, [wrapper("wine"), "--warm"], total=200)
    return f"Wine does not start: {ended.how}\n{ended.text}" if ended.how else ""


def choose_targets(targets, text):
    """`all` (without variants), `host`, `variants`, and names, also NAME+VARIANT."""
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
def answer(command):
    """What a command prints, '' when it is not there or says nothing."""
    try:
        done = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=60,
                              env={**os.environ, "WINEDEBUG": "-all"})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def first_line(command):
    lines = answer(command).splitlines()
    return lines[0] if lines else "no answer"


def cpu_models(emulator):
    """The words of `qemu-… -cpu help`."""
    return set(answer(f"{emulator} -cpu help").split())


def emulator_version(target):
    line = target.runner_line()
    if target.variant and target.variant.runner:
        return first_line(f"{line[0]} --version")
    return first_line(target.runner_version) if target.runner_version else ""


def host_description():
    cpu = platform.machine()
    try:
        for line in open("/proc/cpuinfo"):
            if line.startswith(("model name", "CPU part")):
                cpu = f"{cpu}, {line.split(':')[1].strip()}"
                break
    except OSError:
        pass
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, " \
           f"Python {sys.version.split()[0]}"


def describe(target):
    """One line for the report's header: compiler and emulator, or why it cannot run here."""
    missing = target.missing()
    if missing:
        return f"{target.name}: SKIPPED, {missing}"
    parts = [first_line(shlex.split(target.compiler)[0] + " --version")] if target.compiler else []
    if target.runner_line():
        parts.append(emulator_version(target) or " ".join(target.runner_line()))
    if target.variant:
        parts.append(" ".join([*target.variant.runner_args, *target.variant.program_args]) or target.variant.name)
    return f"{target.name}: " + "; ".join(parts)
