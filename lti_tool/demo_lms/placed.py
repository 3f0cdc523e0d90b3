"""Activities that a teacher added by the tool's own dialog, and those of copied courses."""

import json
import sqlite3
from collections.abc import Sequence

from lti_tool.demo_lms import line_items
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.content_items import ContentItem
from lti_tool.demo_lms.course import Course, add_copy
from lti_tool.demo_lms.errors import ChoiceError
from lti_tool.demo_lms.line_items import Coupled, Filters

LIMIT = 200
"""Activities that all courses together may have besides those of the beginning."""

_PREFIX = "added-"


def all_of(connection: sqlite3.Connection, course_id: str) -> tuple[Activity, ...]:
    """Return a course's activities that were added to it, the oldest first."""
    rows = connection.execute(
        "SELECT * FROM placed_activity WHERE course_id = ? ORDER BY id", (course_id,)
    )
    return tuple(_activity(row) for row in rows)


def by_slug(connection: sqlite3.Connection, slug: str) -> Activity | None:
    """Return the added activity of that name, or None."""
    number = slug.removeprefix(_PREFIX)
    if number == slug or not number.isdecimal():
        return None
    row = connection.execute("SELECT * FROM placed_activity WHERE id = ?", (number,)).fetchone()
    return None if row is None else _activity(row)


def add(
    connection: sqlite3.Connection, course: Course, items: Sequence[ContentItem]
) -> tuple[Activity, ...]:
    """Place what the tool answered in a course, each with a grade book column if it wants one.

    Raises:
        ChoiceError: there is no room for so many.
    """
    return tuple(_place(connection, course.id, item) for item in items)


def copy_course(
    connection: sqlite3.Connection, original: Course, activities: Sequence[Activity]
) -> Course:
    """Copy a course as platforms do: activities with their parameters, columns without grades.

    Every resource link and line item is a new one; custom parameters, resourceId and tag stay.

    Raises:
        CourseLimitError: there are too many courses.
        ChoiceError: there are too many activities.
    """
    made = add_copy(connection, original)
    for activity in activities:
        link = Filters(resource_link_id=activity.resource_link_id)
        column = next((one for one in line_items.find(connection, link) if one.coupled), None)
        _place(
            connection,
            made.id,
            ContentItem(
                title=activity.title,
                url=activity.url,
                custom=activity.custom,
                column=None
                if column is None
                else Coupled(
                    label=column.label,
                    score_maximum=column.score_maximum,
                    resource_id=column.resource_id,
                    tag=column.tag,
                ),
            ),
        )
    return made


def _place(connection: sqlite3.Connection, course_id: str, item: ContentItem) -> Activity:
    (count,) = connection.execute("SELECT count(*) FROM placed_activity").fetchone()
    if count >= LIMIT:
        raise ChoiceError(f"The demo keeps {LIMIT} added activities; there is no room for more.")
    row = connection.execute(
        "INSERT INTO placed_activity (course_id, title, points, url, custom)"
        " VALUES (?, ?, ?, ?, ?) RETURNING *",
        (
            course_id,
            item.title,
            None if item.column is None else item.column.score_maximum,
            item.url or "",
            json.dumps(dict(item.custom)),
        ),
    ).fetchone()
    placed = _activity(row)
    if item.column is not None:
        line_items.couple(connection, placed, item.column)
    return placed


def _activity(row: sqlite3.Row) -> Activity:
    return Activity(
        slug=f"{_PREFIX}{row['id']}",
        title=row["title"],
        points=row["points"],
        course_id=row["course_id"],
        url=row["url"] or None,
        custom=json.loads(row["custom"]),
    )
