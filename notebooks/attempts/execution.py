"""Executing an attempt's runs: claim, send to the runner, store what comes back, next.

Everything here may be cut off at any point and be begun again by another worker with the same
job: the database says how far it came, and the runner starts a run id once.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from config.database import Database
from config.settings import Settings
from notebooks.attempts.batches import batches
from notebooks.attempts.claims import Claim, claim, release, under_way, waiting
from notebooks.attempts.kernels import Place, announce, announce_status, pin
from notebooks.attempts.models import Run, RunState
from notebooks.attempts.recording import end_lost, record
from notebooks.attempts.runner import Runner
from notebooks.errors import KernelError, NotFoundError
from notebooks.kernels.errors import KernelBusyError, KernelMissingError, RunUnknownError
from notebooks.kernels.records import Finished, RunRequest

START_SECONDS = 60.0
"""How long a kernel may take to be ready."""

POLL_SECONDS = 0.1
OUTPACED_SECONDS = 1.0
"""Pause of a worker that finds another one storing the events of its run."""

BUSY_SECONDS = 0.25

ACKNOWLEDGE_EVERY = 256
"""Events after which the runner may drop what is stored."""

LOST = "The kernel was restarted while this cell ran. It may have run in part; run the cell again."
UNREACHABLE = (
    "The kernel cannot be reached. This cell may have run in part; run it again in a moment."
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_log = structlog.get_logger(__name__)


class _OutpacedError(Exception):
    """Another worker stored events of this run."""


class _QueuedError(Exception):
    """The kernel that a run was meant for is gone, and there is no room for another one."""


@dataclass(frozen=True, slots=True)
class Ensured:
    """Where the attempt's kernel is, or will be: not `ready` means that it waits in a queue."""

    place: Place
    ready: bool


@dataclass(frozen=True, slots=True)
class Executor:
    """Executes runs of one attempt for one job. `job_id` stays the same when a job is retried."""

    database: Database
    runner: Runner
    settings: Settings
    attempt_id: UUID
    job_id: int

    async def execute_all(self) -> bool:
        """Execute the attempt's open runs in the order of the clicks until none is left.

        Returns at once if another job is at it. False: the attempt waits in its runner's queue
        for a kernel; call again within a few seconds, or it loses its place.
        """
        while await self._in_transaction(waiting, self.attempt_id, self.job_id):
            try:
                ensured = await self.ensure_kernel()
            except KernelError as error:
                if not await self._refuse(str(error)):
                    break
                continue
            if not ensured.ready and not await self._in_transaction(
                under_way, self.attempt_id, self.job_id
            ):
                return False
            claimed = await self._in_transaction(claim, self.attempt_id, self.job_id)
            if claimed is None:
                break
            try:
                await self._execute(claimed, ensured.place)
            except _QueuedError:
                await self._in_transaction(release, claimed.run_id)
                return False
        return True

    async def _refuse(self, reason: str) -> bool:
        """End the next run, for which there is no kernel. False if it is another job's."""
        claimed = await self._in_transaction(claim, self.attempt_id, self.job_id)
        if claimed is None:
            return False
        if claimed.resumed:
            await self._end(claimed, RunState.LOST, UNREACHABLE)
        else:
            refusal = f"The kernel could not be started: {reason} Run the cell again."
            await self._end(claimed, RunState.DIED, refusal)
        return True

    async def ensure_kernel(self) -> Ensured:
        """Start the attempt's kernel or join it, wait until it is ready, and tell the page.

        If its runner is full, the page is told the attempt's position in the queue instead.
        An attempt whose runner is gone for good moves to this installation's. Raises
        KernelError; the page is told that, too.
        """
        try:
            place = await self._in_transaction(pin, self.attempt_id, settings=self.settings)
            try:
                ready = await self._ready(place)
            except KernelError:
                if place.url == self.settings.runner_url:
                    raise
                place = await self._in_transaction(
                    pin, self.attempt_id, settings=self.settings, leave=place.url
                )
                ready = await self._ready(place)
        except KernelError as error:
            await self._in_transaction(announce, self.attempt_id, "dead", str(error))
            raise
        return Ensured(place, ready)

    async def _ready(self, place: Place) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS
        while True:
            status = await self.runner.ensure_kernel(place.url, str(self.attempt_id), place.spec)
            if status.state == "dead":
                raise KernelError(status.reason or "It ended at once.")
            await self._in_transaction(announce_status, self.attempt_id, status)
            if status.state != "starting":
                return status.state != "queued"
            if loop.time() > deadline:
                raise KernelError(f"It was not ready within {START_SECONDS:.0f} seconds.")
            await asyncio.sleep(POLL_SECONDS)

    async def _execute(self, claimed: Claim, place: Place) -> None:
        """Run a claimed cell to its end, whatever happens on the way."""
        try:
            if claimed.last_event == 0:
                place = await self._start(claimed, place)
            await self._follow(claimed, place)
        except RunUnknownError:
            await self._end(claimed, RunState.LOST, LOST)
        except KernelError as error:
            _log.warning("run lost", run_id=str(claimed.run_id), error=str(error))
            await self._end(claimed, RunState.LOST, UNREACHABLE)

    async def _start(self, claimed: Claim, place: Place) -> Place:
        """Hand the run to the kernel; return where, for it may have to be a new one.

        The kernel may still execute a run that was given up as lost: that one ends, by itself or
        by its time limit.
        """
        request = RunRequest(run_id=str(claimed.run_id), source=claimed.source)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + place.spec.limits.run_seconds + START_SECONDS
        while True:
            try:
                await self.runner.start_run(place.url, str(self.attempt_id), request)
            except KernelBusyError:
                if loop.time() > deadline:
                    raise
                await asyncio.sleep(BUSY_SECONDS)
            except KernelMissingError:  # it died since it was ready a moment ago
                if loop.time() > deadline:
                    raise
                ensured = await self.ensure_kernel()
                if not ensured.ready:
                    raise _QueuedError from None
                place = ensured.place
            else:
                return place

    async def _follow(self, claimed: Claim, place: Place) -> None:
        while True:
            after = await self._in_transaction(_stored, claimed.run_id)
            if after is None:
                return
            try:
                await self._store_all(claimed, place, after)
            except _OutpacedError:
                await asyncio.sleep(OUTPACED_SECONDS)
            else:
                return

    async def _store_all(self, claimed: Claim, place: Place, after: int) -> None:
        run_id = str(claimed.run_id)
        acknowledged = after
        stream = self.runner.events(place.url, str(self.attempt_id), run_id, after)
        async with aclosing(batches(stream)) as gathered:
            async for batch in gathered:
                events = [event for event in batch if event.number > after]
                if not events:
                    continue
                if events[0].number != after + 1:
                    raise RunUnknownError(
                        f"Events {after + 1} to {events[0].number - 1} are missing."
                    )
                if not await self._in_transaction(
                    record, claimed.run_id, after=after, events=events
                ):
                    raise _OutpacedError
                after = events[-1].number
                over = isinstance(events[-1].body, Finished)
                if over or after - acknowledged >= ACKNOWLEDGE_EVERY:
                    await self._acknowledge(place, run_id, after)
                    acknowledged = after
                if over:
                    return
        raise RunUnknownError("The runner's log of this run ended before the run did.")

    async def _acknowledge(self, place: Place, run_id: str, through: int) -> None:
        try:
            await self.runner.acknowledge(place.url, str(self.attempt_id), run_id, through)
        except KernelError as error:  # the runner bounds its logs by itself, too
            _log.info("acknowledgement failed", run_id=run_id, error=str(error))

    async def _end(self, claimed: Claim, state: RunState, message: str) -> None:
        await self._in_transaction(end_lost, claimed.run_id, state=state, message=message)

    async def _in_transaction(
        self,
        work: Callable[Concatenate[Session, _P], _R],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _R:
        def run() -> _R:
            with self.database.transaction() as session:
                return work(session, *args, **kwargs)

        return await asyncio.to_thread(run)


def _stored(session: Session, run_id: UUID) -> int | None:
    """Return the number of the newest stored event, or None if the run is over."""
    run = session.get(Run, run_id, populate_existing=True)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return run.last_event if run.state is RunState.RUNNING else None
