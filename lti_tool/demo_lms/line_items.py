"""Grade book columns: the AGS line item record and its rows.

https://www.imsglobal.org/spec/lti-ags/v2p0#line-item-service
"""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.errors import ServiceError

LIMIT = 500
"""Columns that one course may have."""

_Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
_Text = Annotated[str, Field(max_length=255)]


class LineItemBody(BaseModel):
    """What a tool may say about a column."""

    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel)

    label: _Label
    score_maximum: float = Field(gt=0, allow_inf_nan=False)
    id: str | None = None
    resource_id: _Text | None = None
    tag: _Text | None = None
    resource_link_id: _Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A column as stored."""

    id: int
    label: str
    score_maximum: float
    resource_id: str | None
    tag: str | None
    resource_link_id: str | None
    course_id: str
    coupled: bool
    """Made by the platform with its activity; a tool may change but not delete it."""

    def as_json(self, url: str) -> dict[str, Any]:
        """Return the media type's body; absent texts are left out."""
        texts = {
            "resourceId": self.resource_id,
            "tag": self.tag,
            "resourceLinkId": self.resource_link_id,
        }
        return {
            "id": url,
            "label": self.label,
            "scoreMaximum": tidy(self.score_maximum),
            **{name: text for name, text in texts.items() if text is not None},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """The column that comes with an activity."""

    label: str
    score_maximum: float
    resource_id: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a container request narrows the list to; None means any."""

    course_id: str | None = None
    resource_link_id: str | None = None
    resource_id: str | None = None
    tag: str | None = None


_ANY = Filters()


def tidy(number: float) -> float | int:
    """Return 10 for 10.0, as platforms write it."""
    return int(number) if number == int(number) else number


def parse_line_item(body: bytes) -> LineItemBody:
    """Return the parsed body.

    Raises:
        ServiceError: 400 naming the first member that is wrong.
    """
    try:
        return LineItemBody.model_validate_json(body)
    except ValidationError as error:
        raise ServiceError(400, first_problem(error)) from error


def first_problem(error: ValidationError) -> str:
    """Return the first complaint as one line that names the member."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    member = ".".join(str(part) for part in problem["loc"])
    return f"{member}: {problem['msg']}" if member else problem["msg"]


def seed(connection: sqlite3.Connection, activities: Sequence[Activity]) -> None:
    """Give every activity its coupled column; an older one follows its title and points."""
    connection.executemany(
        "INSERT INTO line_item (label, score_maximum, resource_link_id, coupled)"
        " VALUES (?, ?, ?, 1)"
        " ON CONFLICT (resource_link_id) WHERE coupled = 1"
        " DO UPDATE SET label = excluded.label, score_maximum = excluded.score_maximum",
        [(activity.title, activity.points, activity.resource_link_id) for activity in activities],
    )


def couple(connection: sqlite3.Connection, activity: Activity, column: Coupled) -> None:
    """Give an activity that was added the column that it came with."""
    connection.execute(
        "INSERT INTO line_item"
        " (label, score_maximum, resource_id, tag, resource_link_id, coupled, course_id)"
        " VALUES (?, ?, ?, ?, ?, 1, ?)",
        (
            column.label,
            column.score_maximum,
            column.resource_id,
            column.tag,
            activity.resource_link_id,
            activity.course_id,
        ),
    )


def get(connection: sqlite3.Connection, course_id: str, item_id: int) -> LineItem:
    """Return one column of a course, or raise ServiceError 404."""
    row = connection.execute(
        "SELECT * FROM line_item WHERE id = ? AND course_id = ?", (item_id, course_id)
    ).fetchone()
    if row is None:
        raise ServiceError(404, f"There is no line item {item_id} in this course")
    return _from_row(row)


def find(connection: sqlite3.Connection, filters: Filters = _ANY) -> list[LineItem]:
    """Return the columns that match every given filter, oldest first."""
    rows = connection.execute(
        "SELECT * FROM line_item"
        " WHERE (:course_id IS NULL OR course_id = :course_id)"
        " AND (:resource_link_id IS NULL OR resource_link_id = :resource_link_id)"
        " AND (:resource_id IS NULL OR resource_id = :resource_id)"
        " AND (:tag IS NULL OR tag = :tag) ORDER BY id",
        {
            "course_id": filters.course_id,
            "resource_link_id": filters.resource_link_id,
            "resource_id": filters.resource_id,
            "tag": filters.tag,
        },
    )
    return [_from_row(row) for row in rows]


def create(
    connection: sqlite3.Connection,
    course_id: str,
    body: LineItemBody,
    resource_links: Collection[str],
) -> LineItem:
    """Add a column of the tool's to a course with these resource links.

    Raises:
        ServiceError: 404 for a resource link that is not in the course (as the spec wants it),
            403 when the course has too many columns.
    """
    if body.resource_link_id is not None and body.resource_link_id not in resource_links:
        raise ServiceError(404, f"There is no resource link {body.resource_link_id!r} here")
    (count,) = connection.execute(
        "SELECT count(*) FROM line_item WHERE course_id = ?", (course_id,)
    ).fetchone()
    if count >= LIMIT:
        raise ServiceError(403, f"The course has {LIMIT} line items already; delete some first")
    cursor = connection.execute(
        "INSERT INTO line_item"
        " (label, score_maximum, resource_id, tag, resource_link_id, coupled, course_id)"
        " VALUES (?, ?, ?, ?, ?, 0, ?) RETURNING *",
        (
            body.label,
            body.score_maximum,
            body.resource_id,
            body.tag,
            body.resource_link_id,
            course_id,
        ),
    )
    return _from_row(cursor.fetchone())


def replace(
    connection: sqlite3.Connection, item: LineItem, body: LineItemBody, url: str
) -> LineItem:
    """Change a column; grades keep their share of the maximum.

    Raises:
        ServiceError: 400 for a body that would move the item to another id or resource link.
    """
    if body.id is not None and body.id != url:
        raise ServiceError(400, "id: a line item cannot change its id")
    if body.resource_link_id is not None and body.resource_link_id != item.resource_link_id:
        raise ServiceError(400, "resourceLinkId: a line item cannot move to another resource link")
    connection.execute(
        "UPDATE line_item SET label = ?, score_maximum = ?, resource_id = ?, tag = ? WHERE id = ?",
        (body.label, body.score_maximum, body.resource_id, body.tag, item.id),
    )
    return get(connection, item.course_id, item.id)


def delete(connection: sqlite3.Connection, item: LineItem) -> None:
    """Remove a column with its grades.

    Raises:
        ServiceError: 403 for a column that belongs to an activity.
    """
    if item.coupled:
        raise ServiceError(403, "This line item belongs to an activity and goes with it")
    connection.execute("DELETE FROM line_item WHERE id = ?", (item.id,))


def _from_row(row: sqlite3.Row) -> LineItem:
    return LineItem(
        id=row["id"],
        label=row["label"],
        score_maximum=row["score_maximum"],
        resource_id=row["resource_id"],
        tag=row["tag"],
        resource_link_id=row["resource_link_id"],
        course_id=row["course_id"],
        coupled=bool(row["coupled"]),
    )
