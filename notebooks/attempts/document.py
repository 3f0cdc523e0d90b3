"""The cells of a document as values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Cell(BaseModel):
    """One cell. Its identity and its subtask are the server's, never the browser's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    kind: Literal["markdown", "code"]
    source: str = Field(max_length=1_000_000)
    subtask: str | None = None
    """The subtask that the cell belongs to; None for the introduction."""
    replay: bool = True
    """False for a cell tagged `no-replay`, which grading skips."""


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as stored; a save names the revision that it changes."""

    revision: int
    saved_at: datetime
    cells: tuple[Cell, ...]
