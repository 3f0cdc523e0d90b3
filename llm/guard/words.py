"""How people say in English and Russian what code says in signs; the tables are `words.yaml`."""

import re
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict


class _Tables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    directive: str
    said: dict[str, str]
    common: str


_TABLES = _Tables.model_validate(
    yaml.safe_load(resources.files(__package__).joinpath("words.yaml").read_text(encoding="utf-8"))
)
SAID = {token: re.compile(said, re.IGNORECASE) for token, said in _TABLES.said.items()}
"""Patterns of the words for a token."""
DIRECTIVE = re.compile(_TABLES.directive, re.IGNORECASE)
COMMON = frozenset(_TABLES.common.split())
