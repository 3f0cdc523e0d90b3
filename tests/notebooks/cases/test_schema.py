import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import notebooks
from notebooks.cases.schema import SCHEMA_FILE, schema_text
from tests.notebooks.cases.builder import PROFILE


def test_the_committed_schema_is_that_of_the_records() -> None:
    told = "run `python -m notebooks.cases.schema`"
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), told


def test_every_part_of_the_schema_has_a_description_for_tooltips() -> None:
    schema = json.loads(schema_text())
    bare = []
    for name, part in {"": schema, **schema["$defs"]}.items():
        if "description" not in part:
            bare.append(name)
        bare += [
            f"{name}.{field}"
            for field, one in part.get("properties", {}).items()
            if "description" not in one and "const" not in one
        ]
    assert bare == []


def test_the_example_cases_fit_the_schema() -> None:
    validator = Draft202012Validator(json.loads(schema_text()))
    examples = list((Path(notebooks.__path__[0]) / "examples").glob("*/case.yaml"))
    assert examples
    for case in examples:
        validator.validate(yaml.safe_load(case.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("change", "value"),
    [("points", -1), ("titel", "x"), ("tests", [{"source": ""}]), ("rubric", [{"points": 1}])],
)
def test_the_schema_refuses_what_the_reader_refuses(change: str, value: Any) -> None:
    validator = Draft202012Validator(json.loads(schema_text()))
    data = yaml.safe_load(PROFILE)
    validator.validate(data)
    data["subtasks"][0][change] = value
    assert not validator.is_valid(data)
