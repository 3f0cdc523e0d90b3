"""Names and paths of environments: what their content hash covers, and where Python lies."""

import hashlib
import json
import sys
import sysconfig
from pathlib import Path

BUILDER_VERSION = 1
"""Goes into every name; raise it when a build would come out otherwise from the same lock."""


def base_python() -> Path:
    """Return the interpreter that environments are made from: the running one's own base.

    A virtual environment only points to it, so sandboxes bind its prefix at the same place.
    """
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (Path(sys.base_prefix) / "bin" / name, Path(sys.executable)):
        if candidate.exists():
            return candidate.resolve()
    return Path(sys.executable).resolve()


def environment_python(folder: Path) -> Path:
    """Return an environment's interpreter."""
    return folder / "bin" / "python"


def environment_name(lock: str) -> str:
    """Return the folder name for a lock: the same everywhere where the content is the same."""
    return f"py{sys.version_info.major}{sys.version_info.minor}-{_digest(lock)}"


def request_name(requirements: tuple[str, ...]) -> str:
    """Return the name under which the index keeps what these requirements were resolved to."""
    return _digest("\n".join(requirements))


def _digest(content: str) -> str:
    identity = {
        "content": content,
        "python": sys.version,
        "base": str(base_python()),
        "platform": sysconfig.get_platform(),
        "builder": BUILDER_VERSION,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:40]
