"""The tool's worker between launches, and what a platform checks of the requests that it gets.

The certification suite asks the same of every service: that a request came, with the header of its
media type, with a bearer token, and that the token was asked for with the scope of the service.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import lti_tool.roster.tasks
import lti_tool.tasks
from config.database import Database
from config.queue import Queue
from config.settings import Settings
from grading.models import ScoreDelivery
from lti_tool.models import LaunchSession
from lti_tool.operation.lanes import make_app
from tests.fakes.platform import Platform, Seen

CHECKS = ("Received Request", "Verify JSON Header", "Verify Bearer Token", "Verify Bearer Scope")
ALL_PASS: Mapping[str, bool] = dict.fromkeys(CHECKS, True)
BLUEPRINTS = {"lti": lti_tool.tasks.blueprint, "roster": lti_tool.roster.tasks.blueprint}


@dataclass(frozen=True)
class Worker:
    """Works on scores and rosters, and stops when nothing is left to do now."""

    settings: Settings
    database: Database
    database_url: str

    def work(self) -> None:
        asyncio.run(self._work())

    def deliver(self, score: float, *, maximum: float = 10, comment: str = "Good.") -> UUID:
        """Want a score for the only attempt, bring it to the grade book, and return the attempt."""
        with self.database.transaction() as session:
            attempt_id = session.query(LaunchSession).one().attempt_id
            row = session.get(ScoreDelivery, attempt_id)
            if row is None:
                row = ScoreDelivery(attempt_id=attempt_id, wanted_rev=0, version=0)
                session.add(row)
            row.wanted_rev += 1
            row.version += 1
            row.score, row.max_score, row.comment = score, maximum, comment
        lti_tool.tasks.sweep(self.database)
        self.work()
        return attempt_id

    def delivery(self, attempt_id: UUID) -> ScoreDelivery:
        with self.database.transaction() as session:
            return session.get_one(ScoreDelivery, attempt_id)

    async def _work(self) -> None:
        app = make_app(self.database_url)
        # Not by `add_tasks_from`: it renames the tasks themselves, and so works once in a process.
        for namespace, blueprint in BLUEPRINTS.items():
            for task in blueprint.tasks.values():
                app.tasks[f"{namespace}:{task.name.rpartition(':')[2]}"] = task
        async with app.open_async():
            await app.run_worker_async(
                queues=[Queue.SCORES.value, Queue.ROSTERS.value],
                wait=False,
                install_signal_handlers=False,
                additional_context={"settings": self.settings, "database": self.database},
            )


def verify(platform: Platform, seen: Seen, *, media_type: str, scope: str) -> dict[str, bool]:
    """Return what the suite would say of a request, by the published names of its checks."""
    header = "Content-Type" if seen.body else "Accept"
    scheme, _, token = seen.headers.get("Authorization", "").partition(" ")
    return {
        "Received Request": True,
        "Verify JSON Header": seen.headers.get(header) == media_type,
        "Verify Bearer Token": scheme == "Bearer" and token in platform.tokens,
        # No more than that either: a token for rosters opens no grade book.
        "Verify Bearer Scope": platform.tokens.get(token) == frozenset({scope}),
    }
