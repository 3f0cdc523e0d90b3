"""What the workspace page is told: its boot record, and the attempt's state.

The JSON of these records is the contract with the front end (`lti_tool/frontend/src/api`).
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from notebooks.kernels.records import KernelState, Output


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Boot(_View):
    """What the front end starts with; it lies in the page, so the page is never stored."""

    token: str
    expires_at: datetime
    """When the token has to have been renewed."""
    attempt_id: UUID
    api: str
    locale: str
    title: str
    role: str
    python: str
    """The Python of the kernels, as `py311`."""
    resized_by: str | None
    """Origin of the page around ours that makes our frame as tall as we ask; None if none does."""


class SubtaskView(_View):
    """One subtask, without anything that would help to guess its answer."""

    id: str
    title: str
    points: float


class CaseView(_View):
    """The case's text."""

    title: str
    description_html: str
    locale: str
    subtasks: tuple[SubtaskView, ...]


class CellView(_View):
    """One cell; `html` is the rendered text of a markdown cell."""

    id: str
    kind: Literal["markdown", "code"]
    source: str
    subtask: str | None
    replay: bool = True
    """False for a cell that checking skips."""
    html: str | None = None


class DocumentView(_View):
    """The document at one revision."""

    revision: int
    saved_at: datetime
    cells: tuple[CellView, ...]


class RunState(_View):
    """The newest run of one cell, with its outputs."""

    run_id: UUID
    state: str
    message: str
    execution_count: int | None
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outputs: tuple[Output, ...]


class ValidationState(_View):
    """The newest validation of one subtask, as a student may see it."""

    validation_id: UUID
    state: str
    verdict: str | None
    points: float
    max_points: float
    evidence: tuple[dict[str, Any], ...]
    feedback_html: str
    clicked_at: datetime
    ended_at: datetime | None


class PointsView(_View):
    """What the attempt has earned so far."""

    score: float
    max_score: float


class DeliveryView(_View):
    """Where the score stands on its way to the grade book."""

    state: str
    score: float
    message: str
    at: datetime | None
    """When it was sent; None until it is."""


class DatesView(_View):
    """When the work is due, and what this person has to do with it."""

    due_at: datetime | None
    may_set: bool
    """Whether they are staff."""
    asked: bool
    """Whether they are staff, and the activity came with a copied course, without its dates."""


class KernelView(_View):
    """How the kernel is; unknown when its runner does not answer at once."""

    state: KernelState | Literal["unknown"] = "unknown"
    reason: str | None = None
    position: int | None = None
    """Place in the queue for a kernel, 1 is next; only while `queued`."""


class Snapshot(_View):
    """An attempt at one moment: the journal's events after `last_seq` lead on from it."""

    attempt_id: UUID
    role: str
    graded: bool
    case: CaseView
    document: DocumentView
    runs: dict[str, RunState]
    validations: dict[str, ValidationState]
    points: PointsView
    delivery: DeliveryView | None
    dates: DatesView
    kernel: KernelView = KernelView()
    last_seq: int
