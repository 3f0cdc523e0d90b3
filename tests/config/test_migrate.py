import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import migrations
from config.errors import ConfigError, DatabaseUnavailableError
from config.migrate import upgrade
from config.postgres import EmbeddedPostgres
from lti_tool.tables import all_tables


@pytest.fixture
def empty(server: EmbeddedPostgres) -> Iterator[str]:
    name = f"empty_{uuid4().hex[:8]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.url(name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _differences(url: str) -> list[object]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, all_tables())
    engine.dispose()
    return [
        item
        for item in found
        if not (item[0] in {"remove_table", "remove_index"} and "procrastinate" in str(item[1]))
    ]


def test_an_empty_database_upgraded_equals_the_models(empty: str) -> None:
    upgrade(empty)
    assert _differences(empty) == []


def test_processes_that_start_at_once_upgrade_once(empty: str) -> None:
    program = "import sys; from config.migrate import upgrade; upgrade(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", program, empty]) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    with psycopg.connect(empty) as connection:
        row = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
    assert row == (1,)


def test_the_queue_is_installed_as_its_package_ships_it() -> None:
    """A new version of the package that changes its schema needs a revision of its own."""
    shipped = files("procrastinate").joinpath("sql/schema.sql").read_text()
    ours = Path(migrations.__path__[0]) / "procrastinate_3_10_0.sql"
    assert ours.read_text() == shipped


def test_a_database_that_cannot_be_reached_is_named() -> None:
    with pytest.raises(DatabaseUnavailableError, match="DATABASE_URL"):
        upgrade("postgresql://nobody@/nothing?host=/nonexistent")


def test_a_database_of_a_newer_version_is_refused(empty: str) -> None:
    upgrade(empty)
    with psycopg.connect(empty) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="does not fit this version"):
        upgrade(empty)
