"""Dialogs in which a teacher lets the tool choose: begun, open at the tool, answered, used.

A hint names a dialog on the way to the tool, a token on the way back; each works once.
"""

import json
import secrets
import sqlite3
import time
from dataclasses import asdict, dataclass

from lti_tool.demo_lms.content_items import ChoiceMade, ContentItem
from lti_tool.demo_lms.errors import ChoiceError
from lti_tool.demo_lms.line_items import Coupled

LIFETIME_SECONDS = 3600
_NO_LONGER = "This dialog was used or is over; add the activity again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """A dialog that is open at the tool."""

    course_id: str
    person_id: str
    client_id: str
    token: str
    """Part of the return URL, and the `data` that the tool hands back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the tool answered, before the teacher has saved it."""

    items: tuple[ContentItem, ...]
    message: str | None


def begin(connection: sqlite3.Connection, *, course_id: str, person_id: str, client_id: str) -> str:
    """Remember a dialog; return the opaque hint that the tool hands back at once."""
    now = time.time()
    connection.execute("DELETE FROM choice WHERE expires_at < ?", (now,))
    hint = secrets.token_urlsafe(16)
    connection.execute(
        "INSERT INTO choice (hint, course_id, person_id, client_id, state, token, expires_at)"
        " VALUES (?, ?, ?, ?, 'begun', ?, ?)",
        (hint, course_id, person_id, client_id, secrets.token_urlsafe(24), now + LIFETIME_SECONDS),
    )
    return hint


def open_at_tool(connection: sqlite3.Connection, hint: str, *, person_id: str) -> Dialog | None:
    """Spend the hint; return the dialog, or None if it is unknown, spent, old or another's."""
    row = connection.execute(
        "UPDATE choice SET state = 'open' WHERE hint = ? AND person_id = ? AND state = 'begun'"
        " AND expires_at >= ? RETURNING *",
        (hint, person_id, time.time()),
    ).fetchone()
    return None if row is None else _dialog(row)


def find_open(connection: sqlite3.Connection, token: str) -> Dialog:
    """Return the dialog that waits for the tool's answer.

    Raises:
        ChoiceError: there is none of that token, or it was answered.
    """
    row = connection.execute(
        "SELECT * FROM choice WHERE token = ? AND state = 'open' AND expires_at >= ?",
        (token, time.time()),
    ).fetchone()
    if row is None:
        raise ChoiceError(_NO_LONGER)
    return _dialog(row)


def answer(connection: sqlite3.Connection, dialog: Dialog, made: ChoiceMade) -> None:
    """Keep the tool's answer until the teacher saves it.

    Raises:
        ChoiceError: the dialog was answered in between, or the same answer came before.
    """
    nonce = f"choice/{dialog.client_id}/{made.nonce}"
    fresh = connection.execute(
        "INSERT OR IGNORE INTO used_assertion (jti, expires_at) VALUES (?, ?)",
        (nonce, made.expires_at + LIFETIME_SECONDS),
    )
    stored = {"items": [asdict(item) for item in made.items], "message": made.message}
    taken = connection.execute(
        "UPDATE choice SET state = 'made', made = ? WHERE token = ? AND state = 'open'",
        (json.dumps(stored), dialog.token),
    )
    if not fresh.rowcount or not taken.rowcount:
        raise ChoiceError(_NO_LONGER)


def proposal(connection: sqlite3.Connection, token: str, *, course_id: str) -> Proposal:
    """Return what the tool answered in a dialog for a course.

    Raises:
        ChoiceError: nothing waits to be saved there under that token.
    """
    row = connection.execute(
        "SELECT * FROM choice WHERE token = ? AND course_id = ? AND state = 'made'"
        " AND expires_at >= ?",
        (token, course_id, time.time()),
    ).fetchone()
    if row is None:
        raise ChoiceError(_NO_LONGER)
    return _proposal(row)


def take(connection: sqlite3.Connection, token: str, *, course_id: str) -> Proposal:
    """Spend a dialog whose answer is saved; raises what `proposal` does."""
    found = proposal(connection, token, course_id=course_id)
    connection.execute("DELETE FROM choice WHERE token = ?", (token,))
    return found


def _dialog(row: sqlite3.Row) -> Dialog:
    return Dialog(
        course_id=row["course_id"],
        person_id=row["person_id"],
        client_id=row["client_id"],
        token=row["token"],
    )


def _proposal(row: sqlite3.Row) -> Proposal:
    stored = json.loads(row["made"])
    items = tuple(
        ContentItem(**{**item, "column": item["column"] and Coupled(**item["column"])})
        for item in stored["items"]
    )
    return Proposal(items=items, message=stored["message"])
