from typing import Any

import pytest

from grading.confirmation import judged
from grading.judge import Judgement
from grading.verdict import Verdict
from notebooks.kernels.records import KernelSpec, ReplayCell, ReplayRequest, ReplayResult
from tests.grading.factories import cell, prepared, replay, situation, subtask

MADE = subtask(probes=[{"id": "p", "expression": "x"}])
REQUEST = ReplayRequest(
    replay_id="r", spec=KernelSpec(environment="e"), cells=(ReplayCell(id="c", source="x = 1"),)
)


class Replays:
    """Answers each replay with the next value of `x`."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, request: ReplayRequest) -> ReplayResult:
        self.asked.append(request.replay_id)
        return replay({"c": None}, {"p": self._answers.pop(0)})


async def judgement(replays: Replays, **changes: Any) -> Judgement:
    probes = tuple(probe.model_copy(update=changes) for probe in prepared(MADE, {"p": 1}))
    return await judged(replays, REQUEST, situation(cell("c", "x = 1", "s")), probes)


async def test_a_derived_probe_that_fails_twice_decides() -> None:
    replays = Replays(2, 2)
    found = await judgement(replays, origin="derived")
    assert found.verdict is Verdict.NEEDS_WORK
    assert replays.asked == ["r", "r-2"]
    assert [item.failures for item in found.evidence] == [2]


@pytest.mark.parametrize("answers", [(2, 1), (2, 3, 1)])
async def test_a_derived_probe_that_fails_once_only_leaves_doubt_or_is_asked_no_third_time(
    answers: tuple[int, ...],
) -> None:
    replays = Replays(*answers)
    found = await judgement(replays, origin="derived")
    expected = Verdict.UNCERTAIN if answers[1] == 1 else Verdict.NEEDS_WORK
    assert found.verdict is expected
    assert len(replays.asked) == 2


async def test_an_author_s_probe_decides_at_once() -> None:
    replays = Replays(2)
    assert (await judgement(replays)).verdict is Verdict.NEEDS_WORK


async def test_what_agrees_is_asked_once() -> None:
    replays = Replays(1)
    assert (await judgement(replays, origin="derived")).verdict is Verdict.APPROVED


async def test_off_the_interface_a_failure_is_doubt_and_no_second_replay_would_change_that() -> (
    None
):
    replays = Replays(2)
    found = await judgement(replays, origin="derived", on_interface=False)
    assert found.verdict is Verdict.UNCERTAIN
