"""Launches that were started and not yet authorized: what an lti_message_hint stands for."""

import secrets
import sqlite3
import time

LIFETIME_SECONDS = 600


def begin(connection: sqlite3.Connection, *, person_id: str, slug: str) -> str:
    """Remember a login initiation; return the opaque hint that the tool hands back."""
    now = time.time()
    connection.execute("DELETE FROM pending_launch WHERE expires_at < ?", (now,))
    hint = secrets.token_urlsafe(16)
    connection.execute(
        "INSERT INTO pending_launch (id, person_id, slug, expires_at) VALUES (?, ?, ?, ?)",
        (hint, person_id, slug, now + LIFETIME_SECONDS),
    )
    return hint


def take(connection: sqlite3.Connection, hint: str, *, person_id: str) -> str | None:
    """Spend the hint; return the activity's slug, or None if it is unknown, spent or old."""
    row = connection.execute(
        "DELETE FROM pending_launch WHERE id = ? AND person_id = ? AND expires_at >= ?"
        " RETURNING slug",
        (hint, person_id, time.time()),
    ).fetchone()
    return None if row is None else str(row["slug"])
