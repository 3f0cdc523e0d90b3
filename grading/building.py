"""Building a case version: environment, data and expected answers, told in its own journal."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from config.database import Database
from config.settings import Settings
from grading.errors import CasePreparationError
from grading.models import PreparedCase
from grading.probes import PreparedProbes
from grading.ready import ReadyCase, make_ready
from grading.validating import Runners
from notebooks.cases import service
from notebooks.cases.data import unpack
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.problems import Problem
from notebooks.cases.reader import CaseContent
from notebooks.errors import CaseError, KernelError, NotFoundError
from notebooks.journal.log import Entry, append, append_all
from notebooks.objects import ObjectStore

MAX_LOG_LINES = 2000
MAX_LOG_LINE = 500
_FLUSH_SECONDS = 0.5

_LOG = logging.getLogger(__name__)


class Builder:
    """Builds case versions with the collaborators of one worker process."""

    def __init__(
        self, *, database: Database, runners: Runners, objects: ObjectStore, settings: Settings
    ) -> None:
        self._database = database
        self._runners = runners
        self._objects = objects
        self._settings = settings

    async def build(self, version_id: UUID) -> None:
        """Build a version unless it is built; a build that was cut off begins anew.

        Every fault of the case ends as its problems; a fault of ours fails it in words, too.
        """
        if not await asyncio.to_thread(self._begin, version_id):
            return
        try:
            async with self._log(version_id) as log:
                ready = await self._built(version_id, log)
        except (CaseError, CasePreparationError) as error:
            await asyncio.to_thread(self._fail, version_id, error.problems)
        except (KernelError, NotFoundError) as error:
            _LOG.warning("case version %s cannot be built: %s", version_id, error)
            problem = Problem("case.yaml", None, None, f"The build could not be done: {error}")
            await asyncio.to_thread(self._fail, version_id, (problem,))
        else:
            await asyncio.to_thread(self._ready, version_id, ready)

    async def _built(self, version_id: UUID, log: Callable[[str], None]) -> ReadyCase:
        content, data = await asyncio.to_thread(self._unpacked, version_id)
        runner = self._runners.at(self._settings.runner_url)
        return await make_ready(content, runner, data=data, settings=self._settings, log=log)

    def _begin(self, version_id: UUID) -> bool:
        with self._database.transaction() as session:
            version = session.get(CaseVersion, version_id, with_for_update=True)
            if version is None or version.state is BuildState.READY:
                return False
            service.mark_building(session, version)
            return True

    def _unpacked(self, version_id: UUID) -> tuple[CaseContent, str | None]:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id)
        content = service.content_of(self._objects, version)
        return content, unpack(self._objects, version, self._settings.state_dir / "data")

    def _ready(self, version_id: UUID, ready: ReadyCase) -> None:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id, with_for_update=True)
            if version.state is BuildState.READY:
                return
            stored = PreparedProbes.dump_python(ready.probes, mode="json")
            session.merge(PreparedCase(case_version_id=version_id, probes=stored))
            spec = ready.spec
            service.mark_ready(session, version, environment=spec.environment, data=spec.data)
            append(session, version.stream_id, "build.finished", {"state": "ready", "problems": []})

    def _fail(self, version_id: UUID, problems: tuple[Problem, ...]) -> None:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id, with_for_update=True)
            if version.state is BuildState.READY:
                return
            service.mark_failed(session, version, problems)
            payload = {"state": "failed", "problems": version.problems}
            append(session, version.stream_id, "build.finished", payload)

    @asynccontextmanager
    async def _log(self, version_id: UUID) -> AsyncIterator[Callable[[str], None]]:
        """Yield what takes lines for the build's journal; they are written a batch at a time."""
        lines: list[str] = []
        taken = 0

        def log(line: str) -> None:
            nonlocal taken
            taken += 1
            if taken <= MAX_LOG_LINES:
                lines.append(line[:MAX_LOG_LINE].replace("\0", ""))

        async def flush() -> None:
            if lines:
                batch = lines.copy()
                lines.clear()
                await asyncio.to_thread(self._write, version_id, batch)

        over = asyncio.Event()

        async def flush_often() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), _FLUSH_SECONDS)
                await flush()

        writer = asyncio.create_task(flush_often())
        try:
            yield log
        finally:
            over.set()
            await writer

    def _write(self, version_id: UUID, lines: list[str]) -> None:
        with self._database.transaction() as session:
            stream_id = session.get_one(CaseVersion, version_id).stream_id
            entries = [Entry(kind="build.log", payload={"line": line}) for line in lines]
            append_all(session, stream_id, entries)
