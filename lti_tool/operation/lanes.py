"""Working on every queue in one event loop.

A worker that is killed is noticed by its heartbeat: its jobs are taken up again within 15 seconds.
One that is told to stop hands its unfinished jobs back at once.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
import sqlalchemy.exc
import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted, UniqueViolation
from procrastinate.jobs import Job, Status

from config.errors import ConfigError, DatabaseUnavailableError
from config.paths import runtime_dir
from config.queue import Queue
from config.settings import Settings

HEARTBEAT_SECONDS = 2
STALLED_SECONDS = 6
SWEEP_SECONDS = 2
POLL_SECONDS = 1
"""New jobs announce themselves; those that were handed back are only found by looking."""
SHUTDOWN_SECONDS = 3
"""How long jobs may go on after SIGTERM before they are handed back."""

LAST_SECONDS = 8
"""How long all of stopping may take; the supervisor's patience is longer."""

MOST_TRIES = 8
"""Of a job that fails because the database was away: after 1, 2, 4 … 64 seconds."""

_RETRY_IF_STILL_STALLED = """
WITH mine AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND worker_id IS NOT DISTINCT FROM %(worker_id)s
    FOR UPDATE
)
SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM mine
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """One queue and how many of its jobs run at once in this process."""

    queue: Queue
    concurrency: int


LANES = (
    Lane(Queue.RUNS, 40),
    Lane(Queue.VALIDATIONS, 4),
    Lane(Queue.SCORES, 16),
    Lane(Queue.ROSTERS, 2),
    Lane(Queue.BUILDS, 1),
    Lane(Queue.MAINTENANCE, 1),
)


class HandBack(BaseRetryStrategy):
    """Should a job that ended badly be tried again? For tasks without an answer of their own.

    Yes at once, if only this worker stops. Yes after a while, if the database was away. Never with
    a queueing lock: its successor may wait already, and the retry would wedge both.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to run the job again, or None for never."""
        if job.queueing_lock is not None:
            return None
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        away = (psycopg.OperationalError, sqlalchemy.exc.OperationalError, ConnectorException)
        if isinstance(exception, away) and job.attempts < MOST_TRIES:
            return RetryDecision(retry_in={"seconds": 2**job.attempts})
        return None


def make_app(url: str) -> App:
    """Return the queue's app for a worker; tasks are added by the caller."""
    # Each lane keeps a connection to listen on; the others are for heartbeats and jobs' ends.
    return App(
        connector=PsycopgConnector(
            conninfo=url, min_size=2, max_size=16, kwargs={"application_name": "casebook-worker"}
        )
    )


async def serve(
    app: App,
    *,
    context: Mapping[str, Any],
    lanes: Iterable[Lane] = LANES,
    beside: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = MappingProxyType({}),
    on_ready: Callable[[], object] = lambda: None,
) -> None:
    """Work on every lane, and on what goes on for ever beside them, until SIGTERM or SIGINT.

    Raises:
        ConfigError: a lane ended by itself, as when the database went away; start again.
    """
    for task in app.tasks.values():
        if task.retry_strategy is None:
            task.retry_strategy = HandBack()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop_soon, stop)
    async with app.open_async():
        parts = [asyncio.create_task(_work(app, lane, context), name=lane.queue) for lane in lanes]
        parts.append(asyncio.create_task(_sweep(app), name="sweep"))
        parts += [asyncio.create_task(work(), name=name) for name, work in beside.items()]
        stopped = asyncio.create_task(stop.wait(), name="stop")
        on_ready()
        done, _ = await asyncio.wait([*parts, stopped], return_when=asyncio.FIRST_COMPLETED)
        for part in (*parts, stopped):
            part.cancel()
        results = await asyncio.gather(*parts, return_exceptions=True)
    if stopped not in done:
        reasons = [repr(item) for item in results if isinstance(item, Exception)]
        names = ", ".join(part.get_name() for part in done)
        raise ConfigError(f"the worker's lane {names} ended by itself: {'; '.join(reasons)}")


def _stop_soon(stop: asyncio.Event) -> None:
    """Stop in order, or at the latest after LAST_SECONDS.

    Where the database is gone too (both were told to stop by the same death), handing jobs back
    waits for it. Nothing is lost by leaving: that is what a killed worker does.
    """
    last = threading.Timer(LAST_SECONDS, os._exit, (1,))
    last.daemon = True
    last.start()
    stop.set()


async def _work(app: App, lane: Lane, context: Mapping[str, Any]) -> None:
    await app.run_worker_async(
        name=lane.queue.value,
        queues=[lane.queue.value],
        concurrency=lane.concurrency,
        additional_context=dict(context),
        fetch_job_polling_interval=POLL_SECONDS,
        delete_jobs="always",
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=SHUTDOWN_SECONDS,
        install_signal_handlers=False,
    )


async def _sweep(app: App) -> None:
    while True:
        try:
            await sweep_stalled(app)
        except ConnectorException:
            log.warning("stalled jobs cannot be looked for", exc_info=True)
        await asyncio.sleep(SWEEP_SECONDS)


async def sweep_stalled(app: App) -> int:
    """Put jobs of dead workers back into their queues; returns how many there were.

    A job whose successor waits already (same queueing lock) is dropped instead.
    """
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS))
    for job in stalled:
        log.info("job of a dead worker goes back", job=job.id, task=job.task_name)
        try:
            await app.connector.execute_query_async(
                _RETRY_IF_STILL_STALLED, job_id=job.id, worker_id=job.worker_id
            )
        except UniqueViolation:
            with suppress(ConnectorException):
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    return len(stalled)


def ready_file(settings: Settings) -> Path:
    """Return the file by which the worker says that it works: it has no listener to ask."""
    return runtime_dir(settings) / "worker.ready"


def database_url(url: str | None) -> str:
    """Return the URL that a process of its own was given.

    Raises:
        DatabaseUnavailableError: there is none.
    """
    if url is None:
        raise DatabaseUnavailableError(
            "DATABASE_URL is not set; `casebook up` sets it for the processes that it starts"
        )
    return url
