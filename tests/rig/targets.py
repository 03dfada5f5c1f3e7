"""Trivet's targets: crossrig's, with what make builds for each."""

import dataclasses
import json
import os
from pathlib import Path

from crossrig import process, toolchains
from crossrig.toolchains import (RigError, choose_targets, describe, emulator_version, file_machine,  # noqa: F401
                                 host_description, make_environment, warm, wrong_machine)

ROOT = Path(__file__).resolve().parents[2]
TARGETS_VARIABLE = "TRIVET_RIG_TARGETS"  # a JSON file instead of toolchains/: the rig's own tests

process.use_root(ROOT)


@dataclasses.dataclass
class Target(toolchains.Target):
    trivet: str = ""
    library: str = ""

    def __post_init__(self):
        self.trivet = self.trivet or f"{self.build}/trivet{self.suffix}"
        self.library = self.library or f"{self.build}/libtrivet.a"


def load_targets():
    """All targets, by name, with their variants as "NAME+VARIANT"; +asan is the host's with sanitizers."""
    given = os.environ.get(TARGETS_VARIABLE)
    if given:
        rows = json.loads(Path(given).read_text())
        return toolchains.with_variants(
            [Target(base=row["name"], buildable=False,
                    **{**row, "variants": toolchains.read_variants(given, row.get("variants", ""))}) for row in rows])
    targets = toolchains.load_targets(sorted((ROOT / "toolchains").glob("*.mk")), kind=Target)
    for base in [t for t in targets.values() if t.host and not t.variant]:
        name = base.name + "+asan"
        targets[name] = dataclasses.replace(
            base, name=name, variant=toolchains.Variant("asan", (), ()), variants=(), build=base.build + "-asan",
            trivet="", library="", make_args=("SANITIZE=1",))
    return targets


def make(target, *goals, keep_going=False):
    """(exit status, what make said)"""
    line = ["make", "--no-print-directory", f"-j{os.cpu_count() or 1}",
            f"TARGET={target.base}", *target.make_args, *goals]
    if keep_going:
        line.insert(1, "-k")
    return process.tool(line)

