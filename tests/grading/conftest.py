"""A world with one attempt at a case of two subtasks."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.database import Database
from grading.models import PreparedCase
from grading.prepared import PreparedItems
from notebooks.attempts.document import Cell
from notebooks.attempts.service import open_attempt
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.profile import Profile
from notebooks.journal.log import create_stream, read
from tests.grading.factories import cell, prepared, subtask

FIRST = subtask("first", [{"expression": "x"}], title="Load it")
SECOND = subtask("second", [{"expression": "y"}], points=5, title="Use it")
PROFILE = Profile(title="Case", subtasks=(FIRST, SECOND))
TEMPLATE = (
    cell("text", "# Case", kind="markdown"),
    cell("one", "x = 1", "first"),
    cell("two", "y = x + 1", "second"),
)
RIGHT = {"first-1": 1, "second-1": 2}


@dataclass(frozen=True)
class Document:
    """A document at a click."""

    revision: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class World:
    """Short ways to look at one attempt in a database."""

    database: Database
    attempt_id: UUID
    stream_id: UUID

    def events(self, kind: str | None = None) -> list[tuple[str, dict[str, Any]]]:
        """Return what the journal tells, as kind and payload."""
        with self.database.transaction() as session:
            found = read(session, self.stream_id, 0, 1000)
        return [(e.kind, dict(e.payload)) for e in found if kind is None or e.kind == kind]

    def jobs(self, task: str) -> list[dict[str, Any]]:
        """Return the arguments of waiting jobs."""
        statement = text("SELECT args FROM procrastinate_jobs WHERE task_name = :task ORDER BY id")
        with self.database.transaction() as session:
            return list(session.scalars(statement, {"task": task}))


def document(revision: int = 1, **sources: str) -> Document:
    """Return the template with other sources in some cells."""
    return Document(
        revision,
        tuple(
            c.model_copy(update={"source": sources[c.id]}) if c.id in sources else c
            for c in TEMPLATE
        ),
    )


@pytest.fixture
def version_id(database: Database) -> UUID:
    """Return a built version of a case with two subtasks."""
    with database.transaction() as session:
        return _version(session)


def _version(session: Session) -> UUID:
    case = Case(id=uuid4(), slug="case")
    session.add(case)
    session.flush()
    version = CaseVersion(
        id=uuid4(),
        case_id=case.id,
        number=1,
        content_hash="hash",
        title="Case",
        profile=PROFILE.model_dump(mode="json"),
        template=[c.model_dump(mode="json") for c in TEMPLATE],
        archive_key="cases/case.zip",
        state=BuildState.READY,
        environment="env",
        stream_id=create_stream(session),
    )
    session.add(version)
    session.flush()
    probes = (*prepared(FIRST, RIGHT), *prepared(SECOND, RIGHT))
    session.add(
        PreparedCase(
            case_version_id=version.id, probes=PreparedItems.dump_python(probes, mode="json")
        )
    )
    return version.id


@pytest.fixture
def world(database: Database, version_id: UUID) -> World:
    """Return one graded attempt."""
    return _opened(database, version_id, graded=True)


@pytest.fixture
def tryout(database: Database, version_id: UUID) -> World:
    """Return a teacher's attempt, whose score goes nowhere."""
    return _opened(database, version_id, graded=False)


def _opened(database: Database, version_id: UUID, *, graded: bool) -> World:
    with database.transaction() as session:
        attempt = open_attempt(
            session,
            assignment_key="assignment",
            learner_key=f"learner-{graded}",
            case_version_id=version_id,
            graded=graded,
        )
        return World(database, attempt.id, attempt.stream_id)
