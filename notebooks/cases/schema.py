"""The JSON Schema of `case.yaml`, for editors; `python -m notebooks.cases.schema` writes it."""

import json
from pathlib import Path

from notebooks.cases.profile import Profile

SCHEMA_FILE = Path(__file__).with_name("case.schema.json")


def schema_text() -> str:
    """Return the schema as the file holds it."""
    schema = Profile.model_json_schema()
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
