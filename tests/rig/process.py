"""crossrig's processes, in Trivet's folder."""

from crossrig.process import (Ended, environment, kill_group, limits, quote, run, scratch_directory,  # noqa: F401
                              shown, tool)

from . import targets  # noqa: F401 - says which folder that is
