"""What the documentation shows is what the product reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile_reader import read_profile

AUTHORING = Path(__file__).parent.parent / "docs" / "authoring.md"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FREE = {"title": "Free", "subtasks": [{"id": "free", "title": "Free", "points": 1}]}


def examples() -> Iterator[Any]:
    text = AUTHORING.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 2
        yield pytest.param(block[1], id=f"line {line}")


def whole(example: Any) -> dict[str, Any]:
    """Return a case.yaml around what an example shows of one."""
    if isinstance(example, list):  # probes
        example = {"probes": example}
    if "data" in example:
        return {**_FREE, **example}
    if "subtasks" in example:
        named = [{"title": "Some"} | subtask for subtask in example["subtasks"]]
        return {"title": "Some", **example, "subtasks": named}
    return {"title": "Some", "subtasks": [_FREE["subtasks"][0] | example]}


@pytest.mark.parametrize("block", list(examples()))
def test_an_example_for_authors_is_read(block: str) -> None:
    log = ProblemLog()
    text = yaml.safe_dump(whole(yaml.safe_load(block)), sort_keys=False)
    assert read_profile(text, "case.yaml", log) is not None, str(log.result())


def test_every_kind_of_question_has_an_example() -> None:
    text = AUTHORING.read_text(encoding="utf-8")
    blocks = "".join(block[1] for block in _BLOCK.finditer(text))
    log = ProblemLog()
    nameless = "title: A\nsubtasks: [{id: a, title: A, points: 1, probes: [{}]}]"
    assert read_profile(nameless, "case.yaml", log) is None
    [told] = [one.message for one in log.result().items if "needs a `kind`" in one.message]
    kinds = re.findall(r"[a-z_]+", told.rpartition(":")[2])
    assert set(kinds) - {"or"} == set(re.findall(r"kind: ([a-z_]+)", blocks))
