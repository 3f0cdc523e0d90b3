"""The rules of `hard_errors.json` as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

SYNTAX = "invalid-syntax"
"""The code under which ruff reports what its parser refuses."""


class Certainty(StrEnum):
    """When the marked code fails."""

    COMPILE = "A"
    """Python refuses to compile it."""
    LINE = "B"
    """The line raises whenever it is reached."""
    CALL = "C"
    """It raises when the method is called, or when the handler is tried."""


class Rule(BaseModel):
    """One kind of mark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    certainty: Certainty = Field(alias="class")
    raises: tuple[str, ...]
    """Names of the exceptions that the marked code raises."""
    en: str
    ru: str


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str
    builtins: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every rule by its code, in the order of the file."""

    rules: Mapping[str, Rule]
    builtins: tuple[str, ...]
    """Names that IPython adds to Python's own."""

    def codes(self, *certainties: Certainty) -> tuple[str, ...]:
        """Return the codes that ruff is asked for; its parser's own needs no asking."""
        rules = self.rules.values()
        return tuple(r.code for r in rules if r.certainty in certainties and r.code != SYNTAX)


@cache
def catalogue() -> Catalogue:
    """Return the list, read once."""
    text = (resources.files(__package__) / "hard_errors.json").read_text(encoding="utf-8")
    file = _File.model_validate_json(text)
    return Catalogue({rule.code: rule for rule in file.rules}, file.builtins)
