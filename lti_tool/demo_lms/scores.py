"""Scores as tools post them, and the grades they lead to.

https://www.imsglobal.org/spec/lti-ags/v2p0#score-publish-service
"""

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from lti_tool.demo_lms.course import STUDENTS
from lti_tool.demo_lms.errors import ServiceError
from lti_tool.demo_lms.line_items import LineItem, first_problem, tidy

HISTORY = 500
"""Posts remembered per column and student."""
_ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
_STUDENT_IDS = frozenset(person.id for person in STUDENTS)


class ActivityProgress(StrEnum):
    """How far the student is."""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class GradingProgress(StrEnum):
    """How far the grading is."""

    FULLY_GRADED = "FullyGraded"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_READY = "NotReady"


def _parse_iso(value: object) -> datetime:
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]  # refused just below
    except (TypeError, ValueError) as error:
        raise ValueError("an ISO 8601 date and time with a time zone is needed") from error


class ScoreBody(BaseModel):
    """One posted score."""

    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel)

    user_id: str
    timestamp: Annotated[AwareDatetime, BeforeValidator(_parse_iso)]
    activity_progress: ActivityProgress
    grading_progress: GradingProgress
    score_given: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    score_maximum: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    comment: str | None = Field(default=None, max_length=50_000)

    @model_validator(mode="after")
    def _a_score_has_a_maximum(self) -> "ScoreBody":
        if self.score_given is not None and self.score_maximum is None:
            raise ValueError("scoreMaximum is needed where scoreGiven is sent")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What the grade book holds for one student in one column."""

    line_item_id: int
    user_id: str
    fraction: float | None
    """Share of the maximum, above 1 for extra credit; None after a score was taken back."""
    comment: str | None
    graded_at: datetime

    def score_of(self, item: LineItem) -> float | int | None:
        """Return the points on the column's own scale."""
        return None if self.fraction is None else on_scale(self.fraction, item)

    def as_json(self, url: str, item: LineItem, item_url: str) -> dict[str, Any]:
        """Return one AGS result; without a score there is no resultScore."""
        score = self.score_of(item)
        result: dict[str, Any] = {
            "id": url,
            "scoreOf": item_url,
            "userId": self.user_id,
            "resultMaximum": tidy(item.score_maximum),
        }
        if score is not None:
            result["resultScore"] = score
        if self.comment is not None:
            result["comment"] = self.comment
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One score request as it came, accepted or stale."""

    id: int
    line_item_id: int
    user_id: str
    body: str
    received_at: str
    accepted: bool

    def as_json(self) -> dict[str, Any]:
        """Return the posted members, with when they came and what became of them."""
        return {
            **json.loads(self.body),
            "receivedAt": self.received_at,
            "accepted": self.accepted,
        }


def on_scale(fraction: float, item: LineItem) -> float | int:
    """Return a share of the maximum as points, without binary dust."""
    return tidy(round(fraction * item.score_maximum, 6))


def parse_score(body: bytes) -> ScoreBody:
    """Return the parsed post.

    Raises:
        ServiceError: 400 naming the first member that is wrong, or a user who has no grades here.
    """
    try:
        score = ScoreBody.model_validate_json(body)
    except ValidationError as error:
        raise ServiceError(400, first_problem(error)) from error
    if score.user_id not in _STUDENT_IDS:
        raise ServiceError(400, f"userId: {score.user_id!r} is no student of this course")
    return score


def publish(
    connection: sqlite3.Connection, item: LineItem, score: ScoreBody, *, received_at: datetime
) -> bool:
    """Store a post and what it does to the grade; return False for a stale one.

    The timestamp must be newer than every accepted one of this student in this column. A post
    without a score takes the grade back; one that is not fully graded leaves it as it is, which
    the spec allows a platform ("may ignore scores that are not FullyGraded").
    """
    timestamp = score.timestamp.astimezone(UTC).strftime(_ISO)
    accepted = _is_newer(connection, item, score.user_id, timestamp)
    connection.execute(
        "INSERT INTO score_post (line_item_id, user_id, body, received_at, accepted)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            item.id,
            score.user_id,
            score.model_dump_json(by_alias=True, exclude_none=True),
            received_at.astimezone(UTC).strftime(_ISO),
            accepted,
        ),
    )
    _forget_old_posts(connection, item, score.user_id)
    if not accepted:
        return False
    connection.execute(
        "INSERT INTO grade (line_item_id, user_id, last_timestamp) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET last_timestamp = excluded.last_timestamp",
        (item.id, score.user_id, timestamp),
    )
    final = score.grading_progress is GradingProgress.FULLY_GRADED
    if final or score.score_given is None:
        connection.execute(
            "UPDATE grade SET score = ?, comment = ?, graded_at = ?"
            " WHERE line_item_id = ? AND user_id = ?",
            (_fraction(score), score.comment, timestamp, item.id, score.user_id),
        )
    return True


def grades(connection: sqlite3.Connection, *, item_id: int | None = None) -> list[Grade]:
    """Return the grades of one column or of all, by student."""
    rows = connection.execute(
        "SELECT * FROM grade WHERE graded_at IS NOT NULL"
        " AND (:item IS NULL OR line_item_id = :item) ORDER BY line_item_id, user_id",
        {"item": item_id},
    )
    return [
        Grade(
            line_item_id=row["line_item_id"],
            user_id=row["user_id"],
            fraction=row["score"],
            comment=row["comment"],
            graded_at=datetime.strptime(row["graded_at"], _ISO).replace(tzinfo=UTC),
        )
        for row in rows
    ]


def posts(connection: sqlite3.Connection) -> list[Post]:
    """Return every remembered post, oldest first."""
    return [
        Post(
            id=row["id"],
            line_item_id=row["line_item_id"],
            user_id=row["user_id"],
            body=row["body"],
            received_at=row["received_at"],
            accepted=bool(row["accepted"]),
        )
        for row in connection.execute("SELECT * FROM score_post ORDER BY id")
    ]


def _fraction(score: ScoreBody) -> float | None:
    if score.score_given is None or score.score_maximum is None:
        return None
    return score.score_given / score.score_maximum


def _is_newer(connection: sqlite3.Connection, item: LineItem, user_id: str, timestamp: str) -> bool:
    row = connection.execute(
        "SELECT last_timestamp FROM grade WHERE line_item_id = ? AND user_id = ?",
        (item.id, user_id),
    ).fetchone()
    return row is None or timestamp > row["last_timestamp"]


def _forget_old_posts(connection: sqlite3.Connection, item: LineItem, user_id: str) -> None:
    connection.execute(
        "DELETE FROM score_post WHERE line_item_id = :item AND user_id = :user AND id NOT IN ("
        " SELECT id FROM score_post WHERE line_item_id = :item AND user_id = :user"
        " ORDER BY id DESC LIMIT :keep)",
        {"item": item.id, "user": user_id, "keep": HISTORY},
    )
