"""Loads the rig (tests/rig/plugin.py); see `pytest tests --help`, group "targets and engines"."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
# Nothing is written outside build/.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parents[1] / "build" / "hypothesis"))

pytest_plugins = ["rig.plugin"]
