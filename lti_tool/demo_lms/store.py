"""The platform's state: one SQLite file, a connection per transaction.

A connection is opened and closed by the thread that uses it, so any number of threads and
processes may share the file; SQLite's write lock orders the writers.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_BUSY_SECONDS = 10

_SCHEMA = """
CREATE TABLE IF NOT EXISTS line_item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    score_maximum REAL NOT NULL CHECK (score_maximum > 0),
    resource_id TEXT,
    tag TEXT,
    resource_link_id TEXT,
    coupled INTEGER NOT NULL CHECK (coupled IN (0, 1)),
    course_id TEXT NOT NULL DEFAULT '2'
);
CREATE UNIQUE INDEX IF NOT EXISTS one_coupled_item
    ON line_item (resource_link_id) WHERE coupled = 1;
CREATE TABLE IF NOT EXISTS grade (
    line_item_id INTEGER NOT NULL REFERENCES line_item (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    score REAL,
    comment TEXT,
    graded_at TEXT,
    last_timestamp TEXT NOT NULL,
    PRIMARY KEY (line_item_id, user_id)
);
CREATE TABLE IF NOT EXISTS score_post (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    line_item_id INTEGER NOT NULL REFERENCES line_item (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at TEXT NOT NULL,
    accepted INTEGER NOT NULL CHECK (accepted IN (0, 1))
);
CREATE INDEX IF NOT EXISTS score_post_of ON score_post (line_item_id, user_id, id);
CREATE TABLE IF NOT EXISTS access_token (
    digest TEXT PRIMARY KEY,
    scopes TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS used_assertion (
    jti TEXT PRIMARY KEY,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS registration_token (
    digest TEXT PRIMARY KEY,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS client (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    client_id TEXT NOT NULL UNIQUE,
    deployment_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),
    choice_url TEXT
);
CREATE TABLE IF NOT EXISTS pending_launch (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    slug TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS course_copy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT NOT NULL,
    title TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS placed_activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    course_id TEXT NOT NULL,
    title TEXT NOT NULL,
    points REAL,
    url TEXT NOT NULL,
    custom TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS placed_activity_of ON placed_activity (course_id, id);
CREATE TABLE IF NOT EXISTS choice (
    hint TEXT PRIMARY KEY,
    course_id TEXT NOT NULL,
    person_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'open', 'made')),
    token TEXT NOT NULL UNIQUE,
    made TEXT,
    expires_at REAL NOT NULL
);
"""

_LATER_COLUMNS = (
    ("line_item", "course_id", "TEXT NOT NULL DEFAULT '2'"),
    ("client", "choice_url", "TEXT"),
)
"""Columns that files of earlier versions lack."""


class Store:
    """Hands out transactions on the platform's file."""

    def __init__(self, path: Path) -> None:
        """Create the file and its tables where they are missing."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # before SQLite does; its log files take over these rights
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            for table, column, kind in _LATER_COLUMNS:
                _add_column(connection, table, column, kind)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a snapshot; every query inside sees the same state."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Take the write lock, commit on leaving, roll back on any exception."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute(begin)
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _add_column(connection: sqlite3.Connection, table: str, column: str, kind: str) -> None:
    known = {row["name"] for row in connection.execute(f"PRAGMA table_info ({table})")}
    if column not in known:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
