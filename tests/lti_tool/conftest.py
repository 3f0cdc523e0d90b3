"""A database and an HTTP client for many short tests."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from config.database import Base, Database, connect
from config.postgres import EmbeddedPostgres
from lti_tool.services.http import PlatformHttp


@pytest.fixture(scope="module")
def _module_database(server: EmbeddedPostgres, _template: str) -> Iterator[Database]:
    name = f"launches_{uuid4().hex[:12]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{_template}"'.encode())
        engine = connect(server.url(name))
        yield Database(engine)
        engine.dispose()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def emptied_database(_module_database: Database) -> Iterator[Database]:
    """One database for a module, emptied after each test: there are many, and each is short."""
    yield _module_database
    with _module_database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.execute(text("DELETE FROM procrastinate_jobs"))


@pytest.fixture(scope="session")
def http() -> Iterator[PlatformHttp]:
    """One client for the session: to make one takes a while."""
    with PlatformHttp(timeout_seconds=2) as client:
        yield client
