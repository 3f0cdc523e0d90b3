"""A database and an HTTP client for many short tests, and the whole web application."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from config.database import Base, Database, connect
from config.postgres import EmbeddedPostgres
from config.settings import Settings
from lti_tool.app import create_app
from lti_tool.extensions import db
from lti_tool.services.http import PlatformHttp
from tests.lti_tool.site import FakeAttendant, Site, build_front_end, seed


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


@pytest.fixture
def static_folder(tmp_path: Path) -> Path:
    return build_front_end(tmp_path / "static")


@pytest.fixture
def web_settings(settings: Settings, database_url: str) -> Settings:
    """Settings of a web process whose streams are short enough for a test."""
    return settings.model_copy(
        update={
            "database_url": SecretStr(database_url),
            "database_pool_size": 4,
            "stream_limit": 2,
            "stream_seconds": 2.0,
            "heartbeat_seconds": 0.2,
        }
    )


@pytest.fixture
def site(web_settings: Settings, database: Database, static_folder: Path) -> Iterator[Site]:
    attendant = FakeAttendant()
    app = create_app(web_settings, attendant=attendant, static_folder=static_folder)
    made = Site(
        app=app,
        database=database,
        settings=web_settings,
        attendant=attendant,
        assignment_id=seed(database),
    )
    yield made
    made.wiring.live.stop()
    with app.app_context():
        db.engine.dispose()
