"""Labelled submissions to the example cases, a YAML file per case, and how they are read.

Each says what a student wrote over the ideal solution, whole cells or a few words of them, and
whether that is right or wrong, and how. Depends on the case's solution alone.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import nbformat
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

import notebooks

FOLDER = Path(__file__).parent
EXAMPLES = Path(notebooks.__path__[0]) / "examples"
CASES = tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


class Submission(BaseModel):
    """One labelled submission: `right` or `wrong` holds what is to be known of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    right: str | None = None
    wrong: str | None = None
    cells: dict[str, str] = Field(default_factory=dict)
    """Whole sources, by cell."""
    edits: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Of cells: which words are replaced by which; each has to be there."""

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if (self.right is None) == (self.wrong is None):
            raise ValueError("a submission is either right or wrong")
        if self.wrong is not None and not (self.cells or self.edits):
            raise ValueError("a wrong submission differs from the ideal")
        return self

    @property
    def label(self) -> str:
        """What the submission is, in words."""
        return f"right: {self.right}" if self.wrong is None else f"wrong: {self.wrong}"

    @property
    def place(self) -> str:
        """The cell of a wrong submission that holds the mistake: the first that differs."""
        return next(iter({**self.cells, **self.edits}))

    def source(self, cell: str, ideal: str) -> str:
        """Return what the student has in a cell.

        Raises:
            ValueError: words that are to be replaced are not there.
        """
        text = self.cells.get(cell, ideal)
        for old, new in self.edits.get(cell, {}).items():
            if old not in text:
                raise ValueError(f"{self.label}: cell `{cell}` has no {old!r}")
            text = text.replace(old, new)
        return text


def submissions(case: str) -> tuple[Submission, ...]:
    """Return the labelled submissions to an example case."""
    read = yaml.safe_load((FOLDER / f"{case}.yaml").read_text(encoding="utf-8"))
    return tuple(Submission.model_validate(entry) for entry in read)


def write_notebook(case: str, submission: Submission, file: Path) -> None:
    """Write a submission as the notebook that its student would hand in.

    Raises:
        ValueError: it changes a cell that the case does not have, or words that are not there.
    """
    ideal: Any = nbformat.read(  # type: ignore[no-untyped-call]
        EXAMPLES / case / "solution.ipynb", as_version=4
    )
    _check_cells(submission, {cell.id: cell.source for cell in ideal.cells})
    for cell in ideal.cells:
        cell.source = submission.source(cell.id, cell.source)
    nbformat.write(ideal, file)  # type: ignore[no-untyped-call]


def _check_cells(submission: Submission, known: Mapping[str, str]) -> None:
    unknown = ({*submission.cells} | {*submission.edits}) - {*known}
    if unknown:
        raise ValueError(f"{submission.label}: the case has no cell {sorted(unknown)}")
