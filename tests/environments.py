"""Environments for tests: one shared folder in the user's cache, so that each is built once."""

import os
from pathlib import Path

PLAIN = ""
"""No packages but those that every environment has."""
TABLES = "numpy\npandas\n"
PLOTS = "ipywidgets\njinja2\nmatplotlib\nnbformat\npandas\nplotly\nseaborn\ntqdm\n"


def shared_environments_dir() -> Path:
    """Return the folder that every test run on this machine shares."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "casebook-tests" / "environments"
