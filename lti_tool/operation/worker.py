"""The worker process: the packages' tasks, and the collaborators that they are given."""

import asyncio
from typing import Any

import grading.tasks
import lti_tool.roster.tasks
import lti_tool.tasks
import notebooks.tasks
from config.database import Database, connect
from config.logging import configure_logging
from config.roles import Role
from config.settings import Settings
from lti_tool.operation.lanes import database_url, make_app, ready_file, serve
from notebooks.attempts.following import Follower
from notebooks.kernels.client import RunnerClient
from notebooks.objects import FileSystemStore


def main(settings: Settings) -> None:
    """Run the worker process until it is told to stop."""
    configure_logging()
    secret = settings.database_url
    asyncio.run(_main(settings, database_url(secret.get_secret_value() if secret else None)))


async def _main(settings: Settings, url: str) -> None:
    engine = connect(
        url,
        pool_size=settings.database_pool_size,
        connect_seconds=settings.database_connect_seconds,
    )
    database = Database(engine)
    runner = RunnerClient(settings.certificates_dir / Role.WORKER, settings.http_timeout_seconds)
    context: dict[str, Any] = {
        "settings": settings,
        "database": database,
        "runner": runner,
        "objects": FileSystemStore(settings.objects_dir),
    }
    app = make_app(url)
    app.add_tasks_from(notebooks.tasks.blueprint, namespace="notebooks")
    app.add_tasks_from(grading.tasks.blueprint, namespace="grading")
    app.add_tasks_from(lti_tool.tasks.blueprint, namespace="lti")
    app.add_tasks_from(lti_tool.roster.tasks.blueprint, namespace="roster")
    follower = Follower(database, runner, settings.runner_url)
    await serve(
        app,
        context=context,
        beside={"follow kernels": follower.follow},
        on_ready=ready_file(settings).touch,
    )
