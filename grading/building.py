"""Building a case version: environment, data and expected answers, told in its own journal."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from config.database import Database
from config.settings import Settings
from grading.build_log import BuildLog, writing
from grading.errors import CasePreparationError
from grading.models import PreparedCase
from grading.prepared import PreparedItems
from grading.ready import ReadyCase, make_ready
from grading.validating import Runners
from notebooks.cases import service
from notebooks.cases.data import place_data
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.problems import Problem
from notebooks.cases.reader import CaseContent
from notebooks.errors import CaseError, KernelError, NotFoundError
from notebooks.journal.log import Entry, append, append_all
from notebooks.objects import ObjectStore

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
            async with writing(partial(self._write, version_id)) as log:
                ready = await self._built(version_id, log)
        except (CaseError, CasePreparationError) as error:
            await asyncio.to_thread(self._fail, version_id, error.problems)
        except (KernelError, NotFoundError) as error:
            _LOG.warning("case version %s cannot be built: %s", version_id, error)
            problem = Problem("case.yaml", None, None, f"The build could not be done: {error}")
            await asyncio.to_thread(self._fail, version_id, (problem,))
        else:
            await asyncio.to_thread(self._ready, version_id, ready)

    async def _built(self, version_id: UUID, log: BuildLog) -> ReadyCase:
        content, data = await asyncio.to_thread(self._unpacked, version_id, log)
        return await make_ready(
            content,
            self._runners.at(self._settings.runner_url),
            data=data,
            settings=self._settings,
            log=log.line,
            report=log.progress,
        )

    def _begin(self, version_id: UUID) -> bool:
        with self._database.transaction() as session:
            version = session.get(CaseVersion, version_id, with_for_update=True)
            if version is None or version.state is BuildState.READY:
                return False
            service.mark_building(session, version)
            return True

    def _unpacked(self, version_id: UUID, log: BuildLog) -> tuple[CaseContent, str | None]:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id)
        content = service.content_of(self._objects, version)
        return content, place_data(content, settings=self._settings, log=log.line)

    def _ready(self, version_id: UUID, ready: ReadyCase) -> None:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id, with_for_update=True)
            if version.state is BuildState.READY:
                return
            stored = PreparedItems.dump_python(ready.probes, mode="json")
            session.merge(PreparedCase(case_version_id=version_id, probes=stored))
            spec = ready.spec
            service.mark_ready(
                session,
                version,
                environment=spec.environment,
                data=spec.data,
                imports=spec.imports,
            )
            append(session, version.stream_id, "build.finished", {"state": "ready", "problems": []})

    def _fail(self, version_id: UUID, problems: tuple[Problem, ...]) -> None:
        with self._database.transaction() as session:
            version = session.get_one(CaseVersion, version_id, with_for_update=True)
            if version.state is BuildState.READY:
                return
            service.mark_failed(session, version, problems)
            payload = {"state": "failed", "problems": version.problems}
            append(session, version.stream_id, "build.finished", payload)

    def _write(self, version_id: UUID, entries: Sequence[Entry]) -> None:
        with self._database.transaction() as session:
            append_all(session, session.get_one(CaseVersion, version_id).stream_id, entries)
