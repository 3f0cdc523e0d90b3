import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import main


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _keys(state: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", "--state", str(state), *arguments])


def _listed(state: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_keys(state, "list", "--json").stdout)
    return found


def test_the_keys_are_listed_for_people_and_for_programs(state: Path) -> None:
    current, following = _listed(state)
    assert (current["role"], following["role"]) == ("current", "next")
    assert current["until"] is None
    lines = _keys(state, "list").stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["ROLE", "current", "next"]


def test_a_fresh_key_is_not_rotated_in_unless_it_cannot_wait(state: Path) -> None:
    _, following = _listed(state)
    early = _keys(state, "rotate")
    assert early.exit_code == 1
    assert "--now" in early.stderr
    done = _keys(state, "rotate", "--now")
    assert done.stdout == f"{following['kid']} signs from now on.\n"
    assert [key["role"] for key in _listed(state)] == ["current", "next", "old"]


def test_keys_that_others_may_have_are_replaced_at_once(state: Path) -> None:
    before = {key["kid"] for key in _listed(state)}
    assert _keys(state, "rotate", "--revoke").exit_code == 0
    assert before.isdisjoint({key["kid"] for key in _listed(state)})
