import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from config.database import Database
from config.errors import DatabaseUnavailableError
from config.postgres import EmbeddedPostgres
from config.settings import Settings

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def cluster(settings: Settings) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(settings, durable=False)
    yield made
    made.stop()


def _answer(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_what_was_written_is_there_after_a_restart(cluster: EmbeddedPostgres) -> None:
    cluster.start()
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.restart()
    assert _answer(cluster.url(), "SELECT answer FROM kept") == 42


def test_a_second_server_on_the_same_folder_is_refused(
    cluster: EmbeddedPostgres, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.postgres.STOP_SECONDS", 0.5)
    cluster.start()
    with pytest.raises(DatabaseUnavailableError, match="already runs on"):
        EmbeddedPostgres(settings, durable=False).start()
    with pytest.raises(DatabaseUnavailableError, match="started already"):
        cluster.start()
    assert cluster.is_ready()


def test_a_killed_server_starts_again_though_its_pid_now_belongs_to_another_process(
    cluster: EmbeddedPostgres, settings: Settings
) -> None:
    cluster.start()
    pid = cluster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    lock = settings.state_dir / "postgres" / "data" / "postmaster.pid"
    cluster.stop()
    stale = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *stale[1:]]) + "\n")
    cluster.start()
    assert _answer(cluster.url(), "SELECT 1") == 1


def test_the_server_listens_on_no_network_and_runs_without_root(
    cluster: EmbeddedPostgres,
) -> None:
    cluster.start()
    assert _answer(cluster.url(), "SHOW listen_addresses") == ""
    assert _answer(cluster.url(), "SHOW server_encoding") == "UTF8"
    status = Path(f"/proc/{cluster.pid}/status").read_text()
    uid = int(status.split("Uid:")[1].split()[0])
    assert uid != 0
    assert (uid == os.geteuid()) is not AS_ROOT


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another user")
def test_another_user_of_the_machine_is_refused(cluster: EmbeddedPostgres) -> None:
    cluster.start()
    attempt = (
        "import os, sys, psycopg; os.setuid(65534)\n"
        "try: psycopg.connect(sys.argv[1], connect_timeout=5)\n"
        "except psycopg.OperationalError: sys.exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", attempt, cluster.url()], check=False, timeout=30)
    assert done.returncode == 7


def test_a_killed_starter_leaves_no_server(settings: Settings) -> None:
    holder = (
        "import sys, time; from pathlib import Path\n"
        "from config.postgres import EmbeddedPostgres; from config.settings import Settings\n"
        "cluster = EmbeddedPostgres(Settings(state_dir=Path(sys.argv[1])), durable=False)\n"
        "cluster.start(); print(cluster.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(settings.state_dir)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        server = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_each_test_has_a_database_of_its_own_with_tables_and_queue(database: Database) -> None:
    with database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM attempt")).scalar() == 0
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar() == 0
