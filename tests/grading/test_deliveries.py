from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from config.database import Database, utcnow
from grading import deliveries
from grading.claims import Claim
from grading.comment import MAX_CHARACTERS, compose_comment, number
from grading.delivery_policy import Manner, RetryPolicy
from grading.models import DeliveryState, ScoreDelivery, SubtaskResult, Validation
from grading.standing import Standing, SubtaskStanding
from grading.verdict import Verdict
from tests.grading.conftest import World

T = TypeVar("T")
TOOL = "https://tool.example"
LINK = f"{TOOL}/work/1"


def do(world: World, step: Callable[[Session], T]) -> T:
    with world.database.transaction() as session:
        return step(session)


def want(world: World) -> None:
    do(world, lambda session: deliveries.want(session, world.attempt_id, public_url=TOOL))


def claim(world: World) -> Claim | None:
    return do(world, lambda session: deliveries.claim(session, world.attempt_id))


def claimed(world: World) -> Claim:
    found = claim(world)
    assert found is not None
    return found


def sent(world: World, what: Claim) -> None:
    do(world, lambda s: deliveries.sent(s, world.attempt_id, what, verified=True))


def failed(world: World, what: Claim, *, retry_after: float | None = None) -> None:
    do(
        world,
        lambda s: deliveries.failed(
            s, world.attempt_id, what, "503 from the platform", retry_after_seconds=retry_after
        ),
    )


def row(world: World) -> ScoreDelivery:
    return do(world, lambda session: session.get_one(ScoreDelivery, world.attempt_id))


def change(world: World, **values: object) -> None:
    def step(session: Session) -> None:
        found = session.get_one(ScoreDelivery, world.attempt_id)
        for name, value in values.items():
            setattr(found, name, value)

    do(world, step)


def due(database: Database) -> list[object]:
    with database.transaction() as session:
        return list(deliveries.due(session, 10))


def earn(world: World, points: float) -> None:
    def step(session: Session) -> None:
        made = Validation(
            id=uuid4(), attempt_id=world.attempt_id, subtask="first", revision=1, cells=[],
            state="done", feedback="`x` is `4`.\n\nWhy?",
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.merge(
            SubtaskResult(
                attempt_id=world.attempt_id, subtask="first", validation_id=made.id,
                verdict=Verdict.NEEDS_WORK, points=points,
            )
        )  # fmt: skip

    do(world, step)


def reword(world: World, feedback: str) -> None:
    def step(session: Session) -> None:
        for validation in session.query(Validation).filter_by(attempt_id=world.attempt_id):
            validation.feedback = feedback

    do(world, step)


def test_what_is_wanted_is_claimed_sent_and_done(world: World) -> None:
    earn(world, 7.5)
    want(world)
    first = claimed(world)
    assert (first.score, first.max_score, first.rev) == (7.5, 15.0, 1)
    assert first.comment.splitlines() == [
        "Score: 7.5 of 15",
        "Load it: needs work (7.5 of 10). x is 4.",
        "Use it: not checked yet (0 of 5)",
        f"Work: {TOOL}/work/{world.attempt_id}",
    ]
    sent(world, first)
    assert claim(world) is None
    assert row(world).state is DeliveryState.SENT
    told = [payload for _, payload in world.events("delivery.changed")]
    assert [payload["state"] for payload in told] == ["pending", "sent"]
    assert [payload["at"] for payload in told] == [None, first.timestamp.isoformat()]


def test_a_score_of_zero_is_a_score(world: World) -> None:
    want(world)
    assert claimed(world).score == 0.0


def test_a_leased_delivery_is_nobody_elses_until_the_lease_ends(world: World) -> None:
    want(world)
    first = claimed(world)
    assert claim(world) is None
    assert due(world.database) == []
    change(world, leased_until=utcnow() - timedelta(seconds=1))
    assert due(world.database) == [world.attempt_id]
    second = claimed(world)
    assert second.rev == first.rev
    assert second.timestamp > first.timestamp


def test_of_many_workers_one_claims(world: World) -> None:
    want(world)
    barrier = Barrier(6)

    def at_once(_: int) -> Claim | None:
        barrier.wait()
        return claim(world)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(at_once, range(6)))
    assert sum(one is not None for one in found) == 1


def test_wants_from_many_sessions_are_all_counted(world: World) -> None:
    barrier = Barrier(6)

    def at_once(_: int) -> None:
        barrier.wait()
        want(world)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(at_once, range(6)))
    assert row(world).wanted_rev == 6


def test_a_newer_score_wanted_during_sending_goes_next_and_later_in_time(world: World) -> None:
    want(world)
    first = claimed(world)
    earn(world, 10)
    want(world)
    sent(world, first)
    second = claimed(world)
    assert (second.rev, second.score) == (2, 10)
    assert second.timestamp > first.timestamp
    sent(world, second)
    assert row(world).sent_rev == 2


def test_the_sent_revision_and_timestamp_only_grow(world: World) -> None:
    want(world)
    first = claimed(world)
    change(world, leased_until=None)
    want(world)
    second = claimed(world)
    sent(world, second)
    sent(world, first)
    found = row(world)
    assert found.sent_rev == 2
    assert found.sent_timestamp == second.timestamp


def test_timestamps_grow_even_when_the_clock_steps_back(world: World) -> None:
    want(world)
    future = datetime(2100, 1, 1, tzinfo=UTC)
    change(world, sent_timestamp=future)
    found = claimed(world)
    assert found.timestamp == future + timedelta(milliseconds=1)
    assert found.timestamp.microsecond % 1000 == 0


def test_a_failure_is_tried_again_later_and_a_new_score_at_once(world: World) -> None:
    want(world)
    failed(world, claimed(world))
    assert claim(world) is None
    assert due(world.database) == []
    found = row(world)
    assert found.attempts == 1
    assert found.next_at is not None
    assert found.last_error == "503 from the platform"
    want(world)
    assert claimed(world).rev == 2


def test_a_waiting_retry_keeps_no_newer_score_out_of_the_queue(world: World) -> None:
    want(world)
    failed(world, claimed(world), retry_after=3000)
    waiting = len(world.jobs("lti:deliver_score"))
    do(world, lambda s: s.connection().exec_driver_sql(
        "DELETE FROM procrastinate_jobs WHERE scheduled_at IS NULL"))  # fmt: skip
    want(world)
    assert len(world.jobs("lti:deliver_score")) == waiting


def test_a_failure_of_an_outdated_score_does_not_hold_the_newer_one_back(world: World) -> None:
    want(world)
    first = claimed(world)
    want(world)
    failed(world, first)
    assert claimed(world).rev == 2


def test_a_refusal_ends_it_until_there_is_a_newer_score(world: World) -> None:
    want(world)
    first = claimed(world)
    do(
        world,
        lambda s: deliveries.refused(s, world.attempt_id, first, "The line item is gone."),
    )
    assert claim(world) is None
    assert due(world.database) == []
    assert world.events("delivery.changed")[-1][1] == {
        "state": "refused",
        "score": 0.0,
        "message": "The line item is gone.",
        "at": None,
    }
    want(world)
    assert claimed(world).rev == 2


def test_other_words_for_the_same_facts_are_no_new_version(world: World) -> None:
    earn(world, 7)
    want(world)
    sent(world, claimed(world))
    reword(world, "`x` is `4`, said better.")
    want(world)
    again = claimed(world)
    assert (again.rev, again.version, again.told) == (2, 1, True)
    assert "said better" in again.comment
    earn(world, 8)
    want(world)
    change(world, leased_until=None)
    newer = claimed(world)
    assert (newer.version, newer.told, newer.tried_since) == (2, False, None)


def test_a_claim_knows_what_was_sent_and_tried_before(world: World) -> None:
    earn(world, 3)
    want(world)
    sent(world, claimed(world))
    earn(world, 6)
    want(world)
    lost = claimed(world)
    change(world, leased_until=None)
    again = claimed(world)
    assert again.tried_since == lost.timestamp
    assert (again.sent_share, again.tried_shares) == (3 / 15, (6 / 15,))
    sent(world, again)
    assert row(world).tried_shares == []


def test_unfinished_words_wait_where_every_comment_is_kept_and_nowhere_else(world: World) -> None:
    patient = Manner(patience=timedelta(seconds=60))
    do(
        world,
        lambda s: deliveries.want(s, world.attempt_id, public_url=TOOL, settled=False),
    )
    assert do(world, lambda s: deliveries.claim(s, world.attempt_id, patient)) is None
    change(world, unsettled_since=utcnow() - timedelta(seconds=61))
    assert do(world, lambda s: deliveries.claim(s, world.attempt_id, patient)) is not None
    change(world, leased_until=None, unsettled_since=utcnow())
    assert claim(world) is not None


def test_a_score_waits_once_for_its_words_however_often_it_changes(world: World) -> None:
    def unsettled(session: Session) -> None:
        deliveries.want(session, world.attempt_id, public_url=TOOL, settled=False)

    do(world, unsettled)
    since = row(world).unsettled_since
    do(world, unsettled)
    assert since is not None
    assert row(world).unsettled_since == since
    want(world)
    assert row(world).unsettled_since is None


def test_the_click_that_counts_is_the_newest_one(world: World) -> None:
    earn(world, 3)
    want(world)
    clicked_at = claimed(world).clicked_at
    assert clicked_at is not None
    assert clicked_at <= utcnow()


def test_an_override_ends_it_until_there_is_a_newer_score(world: World) -> None:
    want(world)
    first = claimed(world)
    do(
        world,
        lambda s: deliveries.overridden(s, world.attempt_id, first, "By hand.", told=True),
    )
    found = row(world)
    assert (found.state, found.told_version, found.last_error) == ("overridden", 1, "By hand.")
    assert claim(world) is None
    assert due(world.database) == []
    want(world)
    assert claimed(world).rev == 2


def test_a_lease_that_does_not_outlast_its_work_is_refused() -> None:
    with pytest.raises(ValueError, match="outlast"):
        RetryPolicy(lease_seconds=30, work_seconds=45)


def test_nothing_is_claimed_for_an_attempt_without_a_score(world: World) -> None:
    assert claim(world) is None


@pytest.mark.parametrize(
    ("attempts", "retry_after", "seconds"),
    [
        (1, None, 2),  # 2
        (2, None, 4),  # 2 · 2
        (3, None, 8),  # 2 · 2 · 2
        (6, None, 64),  # 2 · 2⁵
        (12, None, 3600),  # 2 · 2¹¹ = 4096, but at most an hour
        (10_000, None, 3600),
        (1, 30, 30),  # the platform asks for more
        (6, 30, 64),  # the platform asks for less
        (1, 90_000, 3600),  # the platform asks for too much
        (0, None, 2),
    ],
)
def test_each_wait_is_longer(attempts: int, retry_after: float | None, seconds: float) -> None:
    policy = RetryPolicy()
    wait = policy.delay_seconds(attempts, retry_after_seconds=retry_after, share=0)
    assert wait == seconds
    assert policy.delay_seconds(attempts, retry_after_seconds=retry_after, share=1) == (
        pytest.approx(seconds * 1.2)
    )


def test_a_policy_that_does_not_back_off_is_refused() -> None:
    with pytest.raises(ValueError, match="waits longer"):
        RetryPolicy(factor=0.5)


def subtask(title: str, feedback: str, verdict: Verdict = Verdict.NEEDS_WORK) -> SubtaskStanding:
    return SubtaskStanding(
        id="s", title=title, verdict=verdict, points=10, max_points=10,
        validation_id=None, feedback=feedback,
    )  # fmt: skip


def test_a_comment_is_bounded_and_puts_the_score_first() -> None:
    many = tuple(subtask("T" * 300, "word " * 100) for _ in range(40))
    text = compose_comment(Standing(400, 400, "en", many), LINK)
    assert text.startswith("Score: 400 of 400\n")
    assert len(text) == MAX_CHARACTERS
    assert text.endswith(f"…\nWork: {LINK}")


def test_a_comment_speaks_the_courses_language() -> None:
    read = subtask("Чтение", "Не то.\n\nПочему?")  # noqa: RUF001 - Russian
    text = compose_comment(Standing(10, 10, "ru", (read,)), LINK)
    assert text.splitlines() == [
        "Баллы: 10 из 10",
        "Чтение: нужно доработать (10 из 10). Не то.",  # noqa: RUF001 - Russian
        f"Работа: {LINK}",
    ]


def test_a_comment_explains_what_is_not_approved_and_nothing_else() -> None:
    done = subtask("Read", "3 of 3 checks agree.", Verdict.APPROVED)
    open_one = subtask("Clean", "`tidy` is `3`.\n\nWhy?")
    text = compose_comment(Standing(10, 20, "en", (done, open_one)), LINK)
    assert text.splitlines()[1:-1] == [
        "Read: approved (10 of 10)",
        "Clean: needs work (10 of 10). tidy is 3.",
    ]


@pytest.mark.parametrize(
    ("points", "written"), [(10.0, "10"), (7.5, "7.5"), (0, "0"), (3.333, "3.33")]
)
def test_points_are_written_without_a_needless_fraction(points: float, written: str) -> None:
    assert number(points) == written
