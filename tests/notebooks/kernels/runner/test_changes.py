import asyncio

from notebooks.kernels.records import KernelStatus
from notebooks.kernels.runner.changes import KEPT, ChangeLog

DEAD = KernelStatus(state="dead", reason="It crashed.", kernel_id="k")


async def test_a_new_follower_is_told_what_lives_and_where_to_go_on() -> None:
    log = ChangeLog(lambda: ("k1", "k2"))
    log.add("a", DEAD)
    told = await log.after("", 0)
    assert (told.living, told.last, told.changes) == (("k1", "k2"), 1, ())


async def test_a_follower_gets_what_it_missed_and_then_waits_for_the_next() -> None:
    log = ChangeLog(tuple)
    start = await log.after("", 0)
    log.add("a", DEAD)
    log.add("b", DEAD)
    told = await log.after(start.epoch, start.last)
    assert [(change.number, change.attempt_id) for change in told.changes] == [(1, "a"), (2, "b")]
    waiting = asyncio.create_task(log.after(start.epoch, told.last))
    await asyncio.sleep(0)
    assert not waiting.done()
    log.add("c", DEAD)
    assert [change.attempt_id for change in (await waiting).changes] == ["c"]


async def test_a_quiet_log_answers_with_nothing_after_a_while() -> None:
    log = ChangeLog(tuple)
    start = await log.after("", 0)
    told = await log.after(start.epoch, start.last, seconds=0.01)
    assert (told.changes, told.living, told.last) == ((), None, 0)


async def test_a_follower_of_an_earlier_runner_begins_anew() -> None:
    earlier = await ChangeLog(tuple).after("", 0)
    told = await ChangeLog(lambda: ("k",)).after(earlier.epoch, 0)
    assert told.living == ("k",)
    assert told.epoch != earlier.epoch


async def test_a_follower_that_missed_more_than_is_kept_begins_anew() -> None:
    log = ChangeLog(tuple)
    start = await log.after("", 0)
    for _ in range(KEPT + 1):
        log.add("a", DEAD)
    assert (await log.after(start.epoch, 0)).living == ()
    assert len((await log.after(start.epoch, 1)).changes) == KEPT
