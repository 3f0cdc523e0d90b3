"""Where cells import from: what is beside them and the environment, nothing of ours."""

import os
import sys


def forget_code() -> None:
    """Take our own code's place out of the import path, and the variable that named it."""
    sys.path[:] = ["", *(path for path in sys.path if path != os.environ.get("PYTHONPATH"))]
    os.environ.pop("PYTHONPATH", None)
