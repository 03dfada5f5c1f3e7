"""Loads the rig (tests/rig/crossrig/plugin.py and tests/rig/plugin.py); see `pytest tests --help`, groups "crossrig" and "trivet"."""

import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "rig")]
# Nothing is written outside build/.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parents[1] / "build" / "hypothesis"))

pytest_plugins = ["crossrig.plugin", "rig.plugin"]
