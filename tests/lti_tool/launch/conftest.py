"""A bare Flask application with the three LTI views, on a real database, and a real platform."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest
from flask import Flask

from config.database import Base, Database, connect
from config.postgres import EmbeddedPostgres
from config.settings import Settings
from lti_tool.launch.errors import LaunchRefusedError
from lti_tool.launch.service import LaunchKit
from lti_tool.launch_kit import EXTENSION
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets
from lti_tool.views import jwks, launch, login
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import Launch, add_case, register


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
def database(_module_database: Database) -> Iterator[Database]:
    """One database for a module, emptied after each test: there are many, and each is short."""
    yield _module_database
    with _module_database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(Platform()) as running:
        yield running


@pytest.fixture
def app(settings: Settings, database: Database, platform: Platform) -> Iterator[Flask]:
    with database.transaction() as session:
        register(session, platform)
        add_case(session)
    made = Flask("launches")
    for view in (login, launch, jwks):
        made.register_blueprint(view.blueprint)

    @made.errorhandler(LaunchRefusedError)
    def refused(error: LaunchRefusedError) -> tuple[str, int]:
        return f"{error.code}: {error.sentence}", error.status

    with PlatformHttp(timeout_seconds=2) as http:
        made.extensions[EXTENSION] = LaunchKit(
            settings=settings, transaction=database.transaction, key_sets=KeySets(http)
        )
        yield made


@pytest.fixture
def begin(app: Flask, platform: Platform, settings: Settings) -> Callable[[], Launch]:
    """Begin a launch in a browser of its own."""

    def make() -> Launch:
        client = app.test_client()
        return Launch(client, platform, f"{settings.public_url}/lti/launch").begin()

    return make


@pytest.fixture
def opening(begin: Callable[[], Launch]) -> Launch:
    """A launch that has logged in."""
    return begin()
