import asyncio
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.database import utcnow
from config.settings import Settings
from grading import validations
from grading.errors import UnknownSubtaskError
from grading.evidence import Evidence
from grading.judge import Judgement
from grading.models import SubtaskResult, Validation, ValidationState
from grading.standing import latest_validations, points_of
from grading.validating import Validator
from grading.verdict import Verdict
from notebooks.attempts.service import get_attempt
from notebooks.errors import KernelError
from notebooks.kernels.records import ReplayRequest, ReplayResult
from notebooks.kernels.replayer import Replayer
from tests.grading.conftest import World, document
from tests.grading.factories import Interpreter


class OneRunner:
    """All URLs lead to one replayer."""

    def __init__(self, replayer: Replayer) -> None:
        self.replayer = replayer
        self.urls: list[str] = []

    def at(self, url: str) -> Replayer:
        self.urls.append(url)
        return self.replayer


class Unreachable:
    """A runner that answers only from the given try on."""

    def __init__(self, from_try: int) -> None:
        self.tries = 0
        self._from = from_try

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        self.tries += 1
        if self.tries < self._from:
            raise KernelError("The runner cannot be reached.")
        return await Interpreter().replay(request)


def click(world: World, subtask: str = "first", **sources: str) -> UUID:
    with world.database.transaction() as session:
        made = validations.request(
            session, attempt_id=world.attempt_id, subtask=subtask, document=document(3, **sources)
        )
        return made.id


async def judged(
    world: World, settings: Settings, validation_id: UUID, replayer: Replayer | None = None
) -> Validation:
    runners = OneRunner(replayer or Interpreter())
    validator = Validator(
        database=world.database, runners=runners, settings=settings, pauses=(0.0, 0.0)
    )
    await validator.validate(validation_id)
    return stored(world, validation_id)


def stored(world: World, validation_id: UUID) -> Validation:
    with world.database.transaction() as session:
        found = session.get(Validation, validation_id)
        assert found is not None
        return found


def standing(world: World) -> list[tuple[str, Verdict | None, float]]:
    with world.database.transaction() as session:
        found = points_of(session, world.attempt_id)
    return [(subtask.id, subtask.verdict, subtask.points) for subtask in found.subtasks]


def test_a_click_freezes_the_document_and_enqueues_one_job(world: World) -> None:
    validation_id = click(world, one="x = 5")
    row = stored(world, validation_id)
    assert (row.state, row.revision) == (ValidationState.QUEUED, 3)
    assert row.cells[1]["source"] == "x = 5"
    assert world.jobs("grading:validate") == [{"validation_id": str(validation_id)}]
    assert world.events("validation.queued") == [
        ("validation.queued", {"validation_id": str(validation_id), "subtask": "first"})
    ]


def test_a_second_click_gets_the_open_validation_and_another_subtask_its_own(world: World) -> None:
    first = click(world)
    assert click(world, one="x = 99") == first
    assert click(world, "second") != first
    assert len(world.jobs("grading:validate")) == 2


def test_many_clicks_at_once_make_one_validation(world: World) -> None:
    barrier = Barrier(6)

    def at_once(_: int) -> UUID:
        barrier.wait()
        return click(world)

    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(at_once, range(6)))
    assert len(made) == 1
    assert len(world.jobs("grading:validate")) == 1
    assert len(world.events("validation.queued")) == 1


def test_an_unknown_subtask_is_refused(world: World) -> None:
    with pytest.raises(UnknownSubtaskError):
        click(world, "third")


async def test_right_work_earns_its_points_and_wants_a_delivery(
    world: World, settings: Settings
) -> None:
    replayer = Interpreter()
    validation_id = click(world)
    row = await judged(world, settings, validation_id, replayer)
    assert (row.state, row.verdict) == (ValidationState.DONE, Verdict.APPROVED)
    assert replayer.requests[0].replay_id == str(validation_id)
    assert [c.id for c in replayer.requests[0].cells] == ["one"]
    assert [q.id for q in replayer.requests[0].questions] == ["first-1"]
    assert standing(world)[0] == ("first", Verdict.APPROVED, 10.0)
    kinds = [kind for kind, _ in world.events() if not kind.startswith("kernel")]
    assert kinds == [
        "validation.queued",
        "validation.started",
        "validation.finished",
        "points.changed",
        "delivery.changed",
    ]
    assert world.events("points.changed")[0][1] == {"score": 10.0, "max_score": 15.0}
    assert world.jobs("lti:deliver_score") == [{"attempt_id": str(world.attempt_id)}]


async def test_the_finished_event_holds_what_a_student_may_see(
    world: World, settings: Settings
) -> None:
    row = await judged(world, settings, click(world, one="x = 7"))
    payload = world.events("validation.finished")[0][1]
    assert payload["verdict"] == "needs_work"
    assert (payload["points"], payload["max_points"]) == (0.0, 10.0)
    assert payload["evidence"][0]["observed"] == "7"
    assert "expected" not in payload["evidence"][0]
    assert "<code>x</code>" in payload["feedback_html"]
    with world.database.transaction() as session:
        [view] = latest_validations(session, world.attempt_id)
    assert view.validation_id == row.id
    assert list(view.evidence) == payload["evidence"]
    assert view.feedback_html == payload["feedback_html"]


async def test_an_approved_subtask_keeps_its_points_when_it_fails_later(
    world: World, settings: Settings
) -> None:
    await judged(world, settings, click(world))
    await judged(world, settings, click(world, one="x = 7"))
    assert standing(world)[0] == ("first", Verdict.NEEDS_WORK, 10.0)
    assert len(world.events("points.changed")) == 1
    assert len(world.events("delivery.changed")) == 2


async def test_a_subtask_is_blocked_until_the_one_it_reads_from_is_approved(
    world: World, settings: Settings
) -> None:
    blocked = await judged(world, settings, click(world, "second"))
    assert blocked.verdict is Verdict.BLOCKED
    await judged(world, settings, click(world))
    free = await judged(world, settings, click(world, "second"))
    assert free.verdict is Verdict.APPROVED
    assert standing(world)[1] == ("second", Verdict.APPROVED, 5.0)


async def test_the_same_verdict_again_delivers_nothing_new(
    world: World, settings: Settings
) -> None:
    await judged(world, settings, click(world))
    await judged(world, settings, click(world))
    assert len(world.events("delivery.changed")) == 1


async def test_a_tryout_earns_points_that_go_nowhere(tryout: World, settings: Settings) -> None:
    await judged(tryout, settings, click(tryout))
    assert standing(tryout)[0][2] == 10.0
    assert tryout.jobs("lti:deliver_score") == []


async def test_a_job_that_is_run_again_after_a_kill_judges_once(
    world: World, settings: Settings
) -> None:
    validation_id = click(world)
    with world.database.transaction() as session:  # the first worker dies after this
        assert validations.start(session, validation_id, settings=settings) is not None
    row = await judged(world, settings, validation_id)
    assert row.verdict is Verdict.APPROVED
    await judged(world, settings, validation_id)
    assert len(world.events("validation.started")) == 1
    assert len(world.events("validation.finished")) == 1
    assert len(world.events("delivery.changed")) == 1


async def test_two_workers_on_one_validation_store_one_result(
    world: World, settings: Settings
) -> None:
    validation_id = click(world)
    await asyncio.gather(*(judged(world, settings, validation_id) for _ in range(4)))
    assert len(world.events("validation.finished")) == 1
    assert len(world.events("points.changed")) == 1


async def test_two_subtasks_judged_at_once_miss_no_points(world: World, settings: Settings) -> None:
    await judged(world, settings, click(world))
    again, second = click(world), click(world, "second")
    await asyncio.gather(judged(world, settings, again), judged(world, settings, second))
    assert world.events("points.changed")[-1][1]["score"] == 15.0


async def test_a_runner_that_comes_back_costs_nothing(world: World, settings: Settings) -> None:
    runner = Unreachable(from_try=3)
    row = await judged(world, settings, click(world), runner)
    assert (row.verdict, runner.tries) == (Verdict.APPROVED, 3)


async def test_a_runner_that_stays_away_fails_the_validation_in_words_and_keeps_the_standing(
    world: World, settings: Settings
) -> None:
    await judged(world, settings, click(world))
    row = await judged(world, settings, click(world, one="x = 7"), Unreachable(from_try=99))
    assert (row.state, row.verdict) == (ValidationState.FAILED, None)
    payload = world.events("validation.finished")[-1][1]
    assert payload["state"] == "failed"
    assert "press Validate again" in payload["feedback_html"]
    assert standing(world)[0] == ("first", Verdict.APPROVED, 10.0)
    assert (await judged(world, settings, click(world))).verdict is Verdict.APPROVED


async def test_a_fault_of_our_own_does_not_leave_a_validation_open(
    world: World, settings: Settings
) -> None:
    class Broken:
        async def replay(self, request: ReplayRequest) -> ReplayResult:
            raise RuntimeError(request.replay_id)

    validation_id = click(world)
    with pytest.raises(RuntimeError):
        await judged(world, settings, validation_id, Broken())
    assert stored(world, validation_id).state is ValidationState.FAILED


def test_a_validation_that_lost_its_job_is_enqueued_again(world: World) -> None:
    lost, fresh = uuid4(), click(world, "second")
    common: dict[str, Any] = {"attempt_id": world.attempt_id, "revision": 1, "cells": []}
    with world.database.transaction() as session:
        session.add(
            Validation(id=lost, subtask="first", clicked_at=utcnow().replace(year=2020), **common)
        )
        session.flush()
        validations.wake_forgotten(session)
    waiting = [job["validation_id"] for job in world.jobs("grading:validate")]
    assert waiting == [str(fresh), str(lost)]


async def test_the_standing_refers_to_the_newest_finished_validation(
    world: World, settings: Settings
) -> None:
    await judged(world, settings, click(world))
    newest = await judged(world, settings, click(world, one="x = 7"))
    with world.database.transaction() as session:
        result = session.get(SubtaskResult, (world.attempt_id, "first"))
        assert result is not None
        assert result.validation_id == newest.id


def test_a_test_that_passed_earns_its_points_while_another_fails(world: World) -> None:
    tests = [{"source": "assert x", "points": 4}, {"source": "assert x > 1"}]
    with world.database.transaction() as session:
        version = get_attempt(session, world.attempt_id).case_version
        profile = deepcopy(version.profile)
        profile["subtasks"][0] |= {"tests": tests}
        version.profile = profile
    validation_id = click(world)
    found = [
        Evidence(
            id=f"first-test-{number}", kind="test", subtask="first", probe=f"first-test-{number}",
            message="", outcome=outcome,
        )
        for number, outcome in ((1, "pass"), (2, "fail"))
    ]  # fmt: skip
    with world.database.transaction() as session:
        judgement = Judgement(Verdict.NEEDS_WORK, tuple(found), "")
        assert validations.finish(session, validation_id, judgement, public_url="http://localhost")
    with world.database.transaction() as session:
        assert points_of(session, world.attempt_id).score == 4
