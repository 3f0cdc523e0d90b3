"""The worker's own task, run by a worker on a real queue."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import text

import lti_tool.tasks
from config.database import Database
from config.queue import Queue, defer
from config.settings import Settings
from lti_tool.operation.lanes import make_app
from lti_tool.services.keys import DAY_SECONDS, KeyStore


def _age(folder: Path, days: float) -> None:
    """Let all keys look as if they had been what they are for so long."""
    then = time.time() - days * DAY_SECONDS
    for file in folder.glob("*.pem"):
        os.utime(file, (then, then))


async def _work(database: Database, database_url: str, settings: Settings) -> None:
    with database.transaction() as session:
        defer(session, "lti:rotate_keys", queue=Queue.MAINTENANCE, args={"timestamp": 0})
    app = make_app(database_url)
    # Not by `add_tasks_from`: it renames the tasks themselves, and so works once in a process.
    for task in lti_tool.tasks.blueprint.tasks.values():
        app.tasks[f"lti:{task.name.rpartition(':')[2]}"] = task
    async with app.open_async():
        await app.run_worker_async(
            queues=[Queue.MAINTENANCE.value],
            wait=False,
            install_signal_handlers=False,
            additional_context={"settings": settings, "database": database},
        )
    with database.transaction() as session:
        ended = session.scalars(text("SELECT status FROM procrastinate_jobs")).all()
    assert ended == ["succeeded"]


@pytest.mark.parametrize(
    ("age_days", "rotation_days", "rotates"), [(31, 30, True), (29, 30, False), (400, 0, False)]
)
async def test_the_worker_rotates_keys_by_schedule(  # noqa: PLR0913, PLR0917 - fixtures and a table
    database: Database,
    database_url: str,
    settings: Settings,
    age_days: float,
    rotation_days: float,
    rotates: bool,  # noqa: FBT001 - a table's column
) -> None:
    store = KeyStore(settings.keys_dir)
    first = store.signing_key().kid
    store.key_set()
    _age(store.folder, age_days)
    chosen = settings.model_copy(update={"key_rotation_days": rotation_days})
    await _work(database, database_url, chosen)
    assert (store.signing_key().kid != first) is rotates
    assert first in {key["kid"] for key in store.key_set()["keys"]}
