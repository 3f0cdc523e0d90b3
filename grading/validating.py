"""Judging one validation: replay on a runner, judge, store. Safe to be cut off and run again."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from config.database import Database
from config.settings import Settings
from grading import validations
from grading.confirmation import judged
from grading.judge import Judgement
from grading.replays import request_of
from grading.validations import Work
from notebooks.errors import KernelError
from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replayer import Replayer

RUNNER_PAUSES = (1.0, 3.0, 6.0)
"""Seconds between tries while the runner cannot be had: four tries, then the student is told."""

_LOG = logging.getLogger(__name__)


class Runners(Protocol):
    """Every runner, each reached by its base URL."""

    def at(self, url: str) -> Replayer:
        """Return the runner at this URL as a replayer."""
        ...


class Validator:
    """Judges validations with the collaborators of one worker process."""

    def __init__(
        self,
        *,
        database: Database,
        runners: Runners,
        settings: Settings,
        pauses: Sequence[float] = RUNNER_PAUSES,
    ) -> None:
        self._database = database
        self._runners = runners
        self._settings = settings
        self._pauses = pauses

    async def validate(self, validation_id: UUID) -> None:
        """Judge a validation unless that is done already.

        The validation's id names the replay: a second worker joins the first one's replay, and
        whoever finishes first stores the result; the other finds it stored.
        """
        work = await asyncio.to_thread(self._start, validation_id)
        if work is None:
            return
        try:
            judgement = await self._judged(work)
        except KernelError as error:
            _LOG.warning("validation %s: no runner could replay it: %s", validation_id, error)
            await asyncio.to_thread(self._fail, work)
            return
        except Exception:
            # A fault of ours must not leave a validation open for ever: nobody could press again.
            await asyncio.to_thread(self._fail, work)
            raise
        await asyncio.to_thread(self._finish, work, judgement)

    async def _judged(self, work: Work) -> Judgement:
        runner = self._runners.at(work.runner_url or self._settings.runner_url)

        async def replay(request: ReplayRequest) -> ReplayResult:
            for pause in self._pauses:
                try:
                    return await runner.replay(request)
                except KernelError as error:
                    _LOG.info("validation %s: trying again: %s", work.validation_id, error)
                    await asyncio.sleep(pause)
            return await runner.replay(request)

        request = request_of(
            str(work.validation_id),
            work.spec,
            work.situation.cells,
            work.probes,
            work.situation.wall_seconds,
            reuse_key=str(work.attempt_id),
        )
        return await judged(replay, request, work.situation, work.probes)

    def _start(self, validation_id: UUID) -> Work | None:
        with self._database.transaction() as session:
            return validations.start(session, validation_id, settings=self._settings)

    def _finish(self, work: Work, judgement: Judgement) -> None:
        with self._database.transaction() as session:
            validations.finish(
                session, work.validation_id, judgement, public_url=self._settings.public_url
            )

    def _fail(self, work: Work) -> None:
        with self._database.transaction() as session:
            validations.fail(session, work.validation_id, locale=work.situation.locale)
