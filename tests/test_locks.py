"""The two lock files say the same."""

import subprocess
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parents[1]
EXPORT = "export --format requirements.txt --extra embedded --no-emit-project --frozen --offline"


def test_the_hashed_requirements_are_what_the_lock_file_says() -> None:
    """If this fails: `uv export --format requirements.txt --extra embedded --no-emit-project
    --locked -o requirements.lock`.
    """
    exported = subprocess.run(
        [find_uv_bin(), *EXPORT.split(), "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert _pins(exported) == _pins((ROOT / "requirements.lock").read_text())


def _pins(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
