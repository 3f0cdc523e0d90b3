"""Whatever a student hands in in place of the work earns nothing, wherever it is judged."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from notebooks.cases.probes import Probe
from notebooks.cases.profile import Profile
from tests.attacks.exploits.exploit import EMPTY, Exploit
from tests.attacks.exploits.forgeries import FORGERIES
from tests.attacks.exploits.lies import LIES
from tests.attacks.judgement import (
    DERIVED,
    EXPECTED,
    EXPLOITS,
    INPUTS,
    OTHER_ROAD,
    POINTS,
    PROFILE,
    RIGHT,
    looks,
)
from tests.attacks.judges import Judge, Judged, Known, Place, known_case, started
from tests.attacks.targets import can_start
from tests.attacks.watching import Watched, around, holds
from tests.engines import ENGINE_MARKS, docker_engine, podman_engine

__all__ = ["docker_engine", "podman_engine"]

pytestmark = pytest.mark.sandbox

JAIL = Place("root", "jail")
ORDINARY_JAIL = Place("ordinary", "jail")
OTHERS = (
    pytest.param(Place("root", "replay"), marks=pytest.mark.slow),
    pytest.param(ORDINARY_JAIL, marks=pytest.mark.slow),
    pytest.param(Place("ordinary", "replay"), marks=pytest.mark.slow),
    pytest.param(Place("root", "podman"), marks=ENGINE_MARKS),
    pytest.param(Place("root", "docker"), marks=ENGINE_MARKS),
)
SEARCH = (Path(__file__).parent / "inside" / "search.py").read_text(encoding="utf-8")


class Judges:
    """The judges of this file, started when they are first needed."""

    def __init__(self, known: Known, stack: ExitStack) -> None:
        self._known = known
        self._stack = stack
        self._started: dict[Place, Judge] = {}

    def of(self, place: Place, request: pytest.FixtureRequest) -> Judge:
        reason = can_start(place.user)
        if reason is not None:
            pytest.skip(reason)
        if place not in self._started:
            engine = None
            if place.kind in ("podman", "docker"):
                engine = request.getfixturevalue(f"{place.kind}_engine")
            judge = self._stack.enter_context(started(self._known, place, engine))
            self._started[place] = judge
        return self._started[place]


@pytest.fixture(scope="module")
def judges() -> Iterator[Judges]:
    with ExitStack() as stack:
        yield Judges(stack.enter_context(known_case()), stack)


@pytest.fixture
def jail(judges: Judges, request: pytest.FixtureRequest) -> Judge:
    """A judge whose replays are forked by a grading server."""
    return judges.of(JAIL, request)


def wins(judged: Judged) -> bool:
    """Tell whether something was got for nothing."""
    return judged.points > 0 or bool(judged.passed) or judged.verdict not in NOTHING


NOTHING = {"needs_work", "uncertain"}
FULL = Judged(POINTS, "approved", ())


def assert_work_earns(honest: Judged) -> None:
    assert (honest.points, honest.verdict, len(honest.passed)) == (POINTS, "approved", 12), honest


def test_the_attacked_case_asks_in_every_way_there_is() -> None:
    [subtask] = Profile.model_validate(yaml.safe_load(PROFILE)).subtasks
    union, _ = get_args(Probe)
    assert {type(probe) for probe in subtask.probes} == set(get_args(union))
    assert {test.hidden for test in subtask.tests} == {True, False}


def test_the_work_earns_its_points_by_either_road(jail: Judge) -> None:
    for honest in jail.grade(RIGHT, OTHER_ROAD):
        assert_work_earns(honest)


def test_what_is_right_within_an_exploit_is_seen_to_win(jail: Judge) -> None:
    [judged] = jail.grade(EMPTY + "print('total: 7390418277')")
    assert wins(judged)
    assert judged.points == 0


@pytest.mark.parametrize("exploit", EXPLOITS, ids=lambda exploit: exploit.name)
def test_an_exploit_earns_nothing_in_a_forked_jail(exploit: Exploit, jail: Judge) -> None:
    [judged] = jail.grade(exploit.source)
    assert not wins(judged), judged
    assert not jail.mark.exists()


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place.name)
def test_no_exploit_earns_anything_elsewhere(
    place: Place, judges: Judges, request: pytest.FixtureRequest
) -> None:
    judge = judges.of(place, request)
    honest, *others = judge.grade(RIGHT, *(exploit.source for exploit in EXPLOITS))
    assert_work_earns(honest)
    won = {e.name: j for e, j in zip(EXPLOITS, others, strict=True) if wins(j)}
    assert won == {}
    assert not judge.mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("place", [JAIL, ORDINARY_JAIL], ids=lambda place: place.name)
def test_no_exploit_earns_anything_where_the_questions_are_derived(place: Place) -> None:
    reason = can_start(place.user)
    if reason is not None:
        pytest.skip(reason)
    tried = (*LIES, *FORGERIES)
    with known_case(DERIVED) as known, started(known, place) as judge:
        honest, *others = judge.grade(RIGHT, *(exploit.source for exploit in tried))
        marked = judge.mark.exists()
    assert (honest.points, honest.verdict) == (POINTS, "approved")
    won = {e.name: j for e, j in zip(tried, others, strict=True) if j.points > 0}
    assert won == {}
    assert {judged.verdict for judged in others} <= NOTHING
    assert not marked


# What is in memory.

EVERYWHERE = (JAIL, *OTHERS)
LOOKS = {name: [*looks(number)] for name, number in (EXPECTED | INPUTS).items()}
ORDER = ("shown", "hidden", "days")
"""Whose question comes when."""


def assert_only_what_was_asked(seen: list[set[str]]) -> None:
    """Fail unless each question's input was there, beside it at most those of earlier ones."""
    assert len(seen) == len(ORDER)
    for number, (name, there) in enumerate(zip(ORDER, seen, strict=True), start=1):
        assert {name} <= there <= set(ORDER[:number])


@pytest.mark.parametrize("place", EVERYWHERE, ids=lambda place: place.name)
def test_no_expected_answer_is_ever_in_a_replays_memory_and_no_input_before_its_question(
    place: Place, judges: Judges, request: pytest.FixtureRequest
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may look into others")
    judge = judges.of(place, request)
    watched = Watched.new()
    replay = judge.begin(EMPTY + watched.source + WATCHED, "replay")
    seen = []
    for pause in range(1 + len(ORDER)):
        process = watched.at(pause, replay)
        seen.append(holds(around(process, judge.process), LOOKS))
        watched.resume(process)
    assert replay.result()["result"]["outcome"] == "completed"
    assert seen[0] == set()
    assert_only_what_was_asked(seen[1:])


WATCHED = """
calls = iter((1, 2))
pause(0)
def scaled(numbers):
    place = next(calls, None)
    if place is not None: pause(place)
    return [0.0]
def forecast(days):
    pause(3)
    return [0.0]
"""


def halved() -> list[tuple[str, bytes, bytes]]:
    """Return each look of each number in two parts: whole it would find itself."""
    made = []
    for name, ways in LOOKS.items():
        for way in ways:
            end = len(way.rstrip(b"\0")) - 1
            made.append((name, way[:end], way[end:]))
    return made


@pytest.mark.parametrize("place", EVERYWHERE, ids=lambda place: place.name)
def test_a_replay_that_searches_itself_finds_no_answer_and_no_input_before_its_question(
    place: Place, judges: Judges, request: pytest.FixtureRequest
) -> None:
    judge = judges.of(place, request)
    source = f"HALVED = {halved()!r}\n{SEARCH}\n{EMPTY}{SEARCHING}"
    result = judge.replay(source)
    assert result["outcome"] == "completed", result
    [cell] = result["cells"]
    assert (cell["ok"], cell["stdout"]) == (True, "[]\n"), cell
    calls = [found(answer) for answer in result["answers"] if answer["question_id"] in CALLS]
    assert_only_what_was_asked(calls)


SEARCHING = """
print(search())
def scaled(numbers): return search()
def forecast(days): return search()
"""
CALLS = ("work-3", "work-4", "work-8")


def found(answer: dict[str, Any]) -> set[str]:
    return {item["v"] for item in answer["value"]["v"]}
