"""Reading rosters beside everything else, and again where that failed.

A job carries how often it was tried: a roster that cannot be had for an hour is left until the next
launch of staff asks for it.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

import structlog
from procrastinate import Blueprint, JobContext
from sqlalchemy.orm import Session

from config.database import Database, utcnow
from config.queue import Queue, defer
from config.settings import Settings
from lti_tool.launch.enrolment import SYNC_ROSTER
from lti_tool.roster.sync import keep, source_of
from lti_tool.services import pacing
from lti_tool.services.client import ServiceClient
from lti_tool.services.errors import PlatformBusyError, PlatformRefusedError, ServiceError
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.members import members_of
from lti_tool.services.tokens import TokenSource

RETRY_SECONDS: Final = (60, 240, 960, 2400)
"""After the first failure, the second, and so on; then no more."""

blueprint = Blueprint()
_log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="rosters")
"""Of their own: a slow platform must not take the threads that others need."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """Reads rosters and writes them down; safe to share between threads."""

    client: ServiceClient
    transaction: Callable[[], AbstractContextManager[Session]]

    def sync(self, course_id: UUID, *, tries: int = 0) -> None:
        """Read a course's roster and keep it; `tries`: how often that has failed before.

        No connection is held while the platform is asked. What may pass is tried again later, what
        may not is told in the log; nothing is raised for either.
        """
        with self.transaction() as session:
            source = source_of(session, course_id)
            pause = 0.0 if source is None else pacing.pause_left_seconds(source.registration)
            if pause:
                _again(session, course_id, tries, seconds=pause)
        if source is None or pause:
            return
        try:
            members = members_of(self.client, source.registration, source.url)
        except ServiceError as error:
            self._failed(course_id, source.registration.id, tries, error)
            return
        with self.transaction() as session:
            keep(session, course_id, members, now=utcnow())
        _log.info("roster read", course=str(course_id), members=len(members))

    def _failed(
        self, course_id: UUID, registration_id: UUID, tries: int, error: ServiceError
    ) -> None:
        final = isinstance(error, PlatformRefusedError) or tries >= len(RETRY_SECONDS)
        _log.warning("roster not read", course=str(course_id), reason=str(error), final=final)
        asked = error.after_seconds if isinstance(error, PlatformBusyError) else None
        with self.transaction() as session:
            if isinstance(error, PlatformBusyError) and error.throttled:
                pacing.pause(session, registration_id, asked or pacing.USUAL_SECONDS)
            if not final:
                seconds = max(asked or 0, RETRY_SECONDS[tries])
                _again(session, course_id, tries + 1, seconds=seconds)


@blueprint.task(name="sync_roster", queue=Queue.ROSTERS, pass_context=True)
async def sync_roster(context: JobContext, *, course_id: str, tries: int = 0) -> None:
    """Read one course's roster."""
    registrar = _registrar(
        context.additional_context["settings"], context.additional_context["database"]
    )
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(_threads, lambda: registrar.sync(UUID(course_id), tries=tries))


def _again(session: Session, course_id: UUID, tries: int, *, seconds: float) -> None:
    # A queueing lock of its own: a job that waits for long must not keep a launch's out.
    defer(
        session,
        SYNC_ROSTER,
        queue=Queue.ROSTERS,
        args={"course_id": str(course_id), "tries": tries},
        queueing_lock=f"roster-{course_id}-later",
        delay_seconds=max(round(seconds), 1),
    )


@lru_cache(maxsize=2)
def _registrar(settings: Settings, database: Database) -> Registrar:
    http = PlatformHttp(timeout_seconds=settings.http_timeout_seconds)
    tokens = TokenSource(http, KeyStore(settings.keys_dir), database.transaction)
    return Registrar(ServiceClient(http, tokens), database.transaction)
