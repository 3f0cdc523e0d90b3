"""A stored case version and an attempt at it, for everything that works on attempts."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from config.database import Database
from notebooks.attempts.document import Cell
from notebooks.attempts.service import open_attempt
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.journal.log import create_stream

CELLS = (
    Cell(id="intro", kind="markdown", source="# Hello"),
    Cell(id="load", kind="code", source="x = ...", subtask="load"),
    Cell(id="fit", kind="code", source="y = ...", subtask="fit"),
)


def store_version(session: Session, environment: str | None = "env-1") -> UUID:
    case = Case(id=uuid4(), slug=f"case-{uuid4().hex[:8]}")
    session.add(case)
    session.flush()
    version = CaseVersion(
        id=uuid4(),
        case_id=case.id,
        number=1,
        content_hash="0" * 64,
        title="A case",
        profile={"title": "A case", "subtasks": []},
        template=[cell.model_dump(mode="json") for cell in CELLS],
        archive_key="cases/x.zip",
        state=BuildState.READY,
        environment=environment,
        stream_id=create_stream(session),
    )
    session.add(version)
    session.flush()
    return version.id


@pytest.fixture
def attempt_id(database: Database) -> UUID:
    with database.transaction() as session:
        version_id = store_version(session)
        return open_attempt(
            session,
            assignment_key="homework",
            learner_key=uuid4().hex,
            case_version_id=version_id,
            graded=True,
        ).id
