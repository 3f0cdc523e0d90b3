import json
import subprocess
import sys

import pytest

from config.logging import HIDDEN, hide_secrets

PROGRAM = """
import logging, structlog
from config.logging import configure_logging
configure_logging()
structlog.get_logger("ours").info("launched", attempt="a1", id_token="xyz")
logging.getLogger("theirs").warning("asked %s", "postgresql://casebook:word@db/casebook")
try:
    raise ValueError("at /workspace/1?ticket=abcdef")
except ValueError:
    structlog.get_logger("ours").exception("failed")
logging.getLogger("httpx").info("HTTP Request: GET https://lms/?access_token=1")
"""


def test_every_library_writes_one_json_object_a_line_without_secrets() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30
    )
    ours, theirs, failed = map(json.loads, done.stderr.splitlines())
    assert ours["event"] == "launched"
    assert (ours["attempt"], ours["id_token"], ours["level"]) == ("a1", HIDDEN, "info")
    assert theirs["event"] == f"asked postgresql://{HIDDEN}@db/casebook"
    assert theirs["logger"] == "theirs"
    assert "ValueError: at /workspace/1?ticket=[hidden]" in failed["exception"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"event": "x", "headers": {"Authorization": "Bearer abc", "Accept": "*"}}, "Accept"),
        ({"event": "Bearer abc and more"}, "and more"),
        ({"event": "token eyJhbGciOi.eyJpc3Mi.c2ln seen"}, "seen"),
        ({"event": "x", "items": ["eyJhbGciOi.eyJpc3Mi.c2ln"]}, "items"),
    ],
)
def test_secrets_are_known_by_name_and_by_look(given: dict[str, object], kept: str) -> None:
    text = json.dumps(hide_secrets(None, "info", given))
    assert HIDDEN in text
    assert kept in text
    assert "abc" not in text
    assert "eyJ" not in text
