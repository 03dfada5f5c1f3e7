"""Trivet's rig: the same programs on every target and engine, compared by their bits.

crossrig/ is what any C project can use (see docs/rig.md).  On top of it stand targets.py, what Trivet builds
for a target; stream.py, its protocol; cases.py, the comparison; plugin.py, what pytest collects and runs.
"""

import sys
from pathlib import Path

if str(Path(__file__).parent) not in sys.path:
    sys.path.append(str(Path(__file__).parent))  # for `import crossrig`
