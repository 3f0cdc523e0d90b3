"""Pages are told of kernels that end while nobody asks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from config.database import Database
from config.settings import Settings
from notebooks.attempts import following
from notebooks.attempts.following import GONE, Follower
from notebooks.attempts.kernels import KernelNotice, announce_status, notice, pin
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import open_attempt
from notebooks.kernels.records import KernelChanges, KernelStatus
from notebooks.kernels.runner.changes import ChangeLog
from tests.notebooks.conftest import store_version

IDLE = KernelStatus(state="idle", kernel_id="k1")
DEAD = KernelStatus(state="dead", kernel_id="k1", reason="It crashed.")


@dataclass
class Desk:
    """A runner's log of changes, and the pages of two attempts whose kernels it has."""

    database: Database
    settings: Settings
    attempts: tuple[UUID, UUID]
    living: list[str] = field(default_factory=lambda: ["k1", "k2"])
    asked: int = 0

    def __post_init__(self) -> None:
        self.restart()
        with self.database.transaction() as session:
            for number, attempt_id in enumerate(self.attempts, start=1):
                pin(session, attempt_id, settings=self.settings)
                status = IDLE.model_copy(update={"kernel_id": f"k{number}"})
                announce_status(session, attempt_id, status)

    def restart(self) -> None:
        self.log = ChangeLog(lambda: tuple(self.living))

    async def changes(self, url: str, epoch: str, after: int) -> KernelChanges:
        assert url == self.settings.runner_url
        self.asked += 1
        return await self.log.after(epoch, after, seconds=0.1)

    def told(self, number: int = 0) -> KernelNotice:
        with self.database.transaction() as session:
            attempt = session.get_one(Attempt, self.attempts[number])
            found = notice(session, attempt.stream_id)
        assert found is not None
        return found

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - the database sends no event
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[Follower]:
        follower = Follower(self.database, self, self.settings.runner_url)
        task = asyncio.create_task(follower.follow())
        asked = self.asked
        await self.until(lambda: self.asked > asked)
        yield follower
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
def desk(
    database: Database, settings: Settings, attempt_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setattr(following, "RETRY_SECONDS", 0.05)
    with database.transaction() as session:
        second = open_attempt(
            session,
            assignment_key="homework",
            learner_key=uuid4().hex,
            case_version_id=store_version(session),
            graded=True,
        ).id
    return Desk(database, settings, (attempt_id, second))


async def test_a_death_is_told_with_its_reason_and_to_that_page_only(desk: Desk) -> None:
    async with desk.followed():
        desk.log.add(str(desk.attempts[0]), DEAD)
        await desk.until(lambda: desk.told().state == "dead")
    assert desk.told().reason == "It crashed."
    assert desk.told(1).state == "idle"


async def test_the_death_of_a_kernel_before_the_present_one_is_no_news(desk: Desk) -> None:
    with desk.database.transaction() as session:
        newer = IDLE.model_copy(update={"kernel_id": "k3"})
        announce_status(session, desk.attempts[0], newer)
    desk.living = ["k2", "k3"]
    async with desk.followed():
        desk.log.add(str(desk.attempts[0]), DEAD)
        desk.log.add(str(desk.attempts[1]), DEAD.model_copy(update={"kernel_id": "k2"}))
        await desk.until(lambda: desk.told(1).state == "dead")
    assert (desk.told().state, desk.told().kernel_id) == ("idle", "k3")


async def test_kernels_that_are_gone_after_a_restart_of_the_runner_are_told_dead(
    desk: Desk,
) -> None:
    async with desk.followed():
        await desk.until(lambda: desk.asked > 1)
        desk.living = ["k2"]
        desk.restart()
        await desk.until(lambda: desk.told().state == "dead")
    assert desk.told().reason == GONE
    assert desk.told(1).state == "idle"


async def test_what_ended_while_nobody_followed_is_told_later(desk: Desk) -> None:
    desk.living = ["k1"]
    async with desk.followed():
        await desk.until(lambda: desk.told(1).state == "dead")
    assert desk.told().state == "idle"


async def test_one_follows_at_a_time_and_another_takes_over(desk: Desk) -> None:
    async with desk.followed() as first:
        second = Follower(desk.database, desk, desk.settings.runner_url)
        await asyncio.wait_for(second._follow_once(), 10)  # returns: the other one has the lock
        assert first is not second
    async with desk.followed():
        desk.log.add(str(desk.attempts[0]), DEAD)
        await desk.until(lambda: desk.told().state == "dead")


async def test_a_kernel_of_no_attempt_does_not_stop_the_follower(desk: Desk) -> None:
    async with desk.followed():
        for name in (str(uuid4()), "not-an-id"):
            desk.log.add(name, DEAD)
        desk.log.add(str(desk.attempts[0]), DEAD)
        await desk.until(lambda: desk.told().state == "dead")
