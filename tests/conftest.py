"""Fixtures of the whole suite: settings in a folder of the test, and a real PostgreSQL."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from config.database import Database, connect
from config.migrate import upgrade
from config.paths import runtime_dir
from config.postgres import EmbeddedPostgres
from config.settings import Settings

for name in [name for name in os.environ if name.startswith("CASEBOOK_") or name == "DATABASE_URL"]:
    del os.environ[name]


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings with a state folder of the test's own and three free ports in a row."""
    made = Settings(state_dir=tmp_path / "state", port=_free_ports(3))
    yield made
    _forget_runtime(made)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The session's PostgreSQL server; under xdist each worker process has one."""
    settings = Settings(state_dir=tmp_path_factory.mktemp("postgres"))
    running = EmbeddedPostgres(settings, durable=False)
    running.start()
    yield running
    running.stop()
    _forget_runtime(settings)


@pytest.fixture(scope="session")
def postgres(server: EmbeddedPostgres) -> str:
    """URL of the session's PostgreSQL server (its database `postgres`)."""
    return server.url("postgres")


@pytest.fixture(scope="session")
def _template(server: EmbeddedPostgres) -> str:
    """Name of a database as the migrations make it, once, to be copied."""
    name = "casebook_template"
    _execute(server.url("postgres"), f'CREATE DATABASE "{name}"')
    upgrade(server.url(name))
    return name


@pytest.fixture
def database_url(server: EmbeddedPostgres, _template: str) -> Iterator[str]:
    """URL of a database of the test's own, with every table in it."""
    name = f"test_{uuid4().hex[:12]}"
    _execute(server.url("postgres"), f'CREATE DATABASE "{name}" TEMPLATE "{_template}"')
    yield server.url(name)
    _execute(server.url("postgres"), f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Sessions on a database of the test's own, with every table in it."""
    engine = connect(database_url)
    yield Database(engine)
    engine.dispose()


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _free_ports(count: int) -> int:
    """Return the first of `count` neighbouring ports that nobody listens on.

    Below those that the system gives to whoever connects, lest one be taken before it is used.
    """
    while True:
        first = 12_000 + secrets.randbelow(20_000)
        if all(map(_is_free, range(first, first + count))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _forget_runtime(settings: Settings) -> None:
    folder = runtime_dir(settings)
    if not folder.is_relative_to(settings.state_dir.resolve()):
        shutil.rmtree(folder, ignore_errors=True)
