"""What an author knows of a task and no machine can, as `answers` in `case.yaml`."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from notebooks.attempts.document import Cell
from notebooks.cases import code


class SettledAnswer(BaseModel):
    """The author's answer to what `casebook case check` asks about a name or an argument."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    of: str = Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)?$", max_length=200)
    """What it is about: a name (`share`), or an argument of a function (`mean.values`)."""
    may_be_empty: bool | None = None
    """Whether the argument may be an empty list, text or dictionary."""
    may_be_unsorted: bool | None = None
    """Whether a list may come in any order."""
    may_repeat: bool | None = None
    """Whether a list may hold the same twice."""
    may_be_negative: bool | None = None
    """Whether numbers of the argument may be below zero."""
    lowest: float | None = None
    """The least number that the argument may be or hold."""
    highest: float | None = None
    """The greatest number that the argument may be or hold."""
    others: tuple[Any, ...] | None = Field(default=None, max_length=20)
    """Other values of the argument to ask with; an empty list says that there are none."""
    decimals: int | None = Field(default=None, ge=0, le=15)
    """How many decimals of a number count, in a name or in what a function returns."""
    row_order: bool | None = None
    """Whether the order of rows, or of a list, is part of the task."""

    @property
    def is_of_argument(self) -> bool:
        """Tell whether it is about an argument of a function."""
        return "." in self.of

    @model_validator(mode="after")
    def _fits_what_it_is_about(self) -> Self:
        said = self.model_fields_set - {"of"}
        of_values = {"decimals", "row_order"}
        if not said:
            raise ValueError("an answer has to say something, such as `may_be_empty: no`")
        misplaced = said & of_values if self.is_of_argument else said - of_values
        if misplaced:
            kind = "an argument" if self.is_of_argument else "a name"
            raise ValueError(f"`{min(misplaced)}` says nothing about {kind}")
        if None not in (self.lowest, self.highest) and self.lowest > self.highest:  # type: ignore[operator]
            raise ValueError("`lowest` is greater than `highest`")
        return self


def answer_faults(
    answers: Sequence[SettledAnswer], solution: Sequence[Cell]
) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a subtask's answers: the place in the list, and a sentence.

    An answer has to be about something that the ideal solution has, and only one about each.
    """
    bound: dict[str, ast.stmt] = {}
    for cell in solution:
        if cell.kind == "code":
            bound |= code.bound_names(code.parse(cell.source).body)
    seen: set[str] = set()
    for number, answer in enumerate(answers):
        name, _, argument = answer.of.partition(".")
        made = bound.get(name)
        if answer.of in seen:
            yield number, f"A second answer about {answer.of}: write one for both."
        elif made is None:
            yield number, f"The ideal solution defines no {name}."
        elif argument and argument not in _parameters(made):
            yield number, f"{name} has no argument {argument}."
        seen.add(answer.of)


def _parameters(made: ast.stmt) -> frozenset[str]:
    if not isinstance(made, ast.FunctionDef):
        return frozenset()
    arguments = (*made.args.posonlyargs, *made.args.args, *made.args.kwonlyargs)
    return frozenset(one.arg for one in arguments)
