"""The grade book as one person may see it: built from rows, without I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lti_tool.demo_lms.course import STUDENTS, Person
from lti_tool.demo_lms.line_items import LineItem, tidy
from lti_tool.demo_lms.scores import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One student's standing in one column."""

    item: LineItem
    score: float | int | None
    comment: str | None
    graded_at: datetime | None

    @property
    def maximum(self) -> float | int:
        """Return the column's maximum, without a needless decimal."""
        return tidy(self.item.score_maximum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One student's line."""

    student: Person
    cells: tuple[Cell, ...]


def rows_for(viewer: Person, items: Sequence[LineItem], grades: Iterable[Grade]) -> tuple[Row, ...]:
    """Return every student's line to a teacher, and a student's own to that student."""
    by_key = {(grade.user_id, grade.line_item_id): grade for grade in grades}
    students = STUDENTS if viewer.teaches else (viewer,)
    return tuple(
        Row(
            student=student,
            cells=tuple(_cell(item, by_key.get((student.id, item.id))) for item in items),
        )
        for student in students
    )


def _cell(item: LineItem, grade: Grade | None) -> Cell:
    if grade is None:
        return Cell(item=item, score=None, comment=None, graded_at=None)
    return Cell(
        item=item,
        score=grade.score_of(item),
        comment=grade.comment,
        graded_at=grade.graded_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An activity's state in a few words, on the course page."""

    text: str
    graded: bool


def standing_of(viewer: Person, resource_link_id: str, rows: Iterable[Row]) -> Standing:
    """Return the student's score, or to a teacher how many students have one."""
    graded = [
        cell
        for row in rows
        for cell in row.cells
        if cell.item.coupled
        and cell.item.resource_link_id == resource_link_id
        and cell.score is not None
    ]
    if viewer.teaches:
        return Standing(text=f"{len(graded)} of {len(STUDENTS)} graded", graded=bool(graded))
    if not graded:
        return Standing(text="Not graded yet", graded=False)
    return Standing(text=f"{graded[0].score} / {graded[0].maximum}", graded=True)
