"""Whatever fails in whatever order: the grade book ends with the newest points, told once."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.database import Database, utcnow
from grading import deliveries
from grading.delivery_policy import Manner
from grading.models import DeliveryState
from lti_tool.models import PlatformFamily
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.addresses import address_of
from lti_tool.services.delivery import Courier
from lti_tool.tasks import deliver
from tests.fakes.canvas import Canvas
from tests.fakes.gradebook import Entry
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Fault, moment_of
from tests.lti_tool.services.conftest import Course, place

BY_HAND = 0.333
"""No share of ours, in whole points neither."""


@dataclass(frozen=True)
class Earn:
    """The student has other points."""

    points: int


@dataclass(frozen=True)
class Reword:
    """A model's text comes late."""


@dataclass(frozen=True)
class Send:
    """A worker tries; something may fail on the way, and the worker may die before it writes."""

    fault: Fault | None = None
    dies: bool = False


@dataclass(frozen=True)
class Override:
    """The teacher sets the grade by hand."""


FAULTS = st.builds(
    Fault,
    path=st.sampled_from(["/scores", "/scores", "/scores", "/results", "/token"]),
    status=st.sampled_from([409, 429, 500, 502, 503]),
    after_write=st.booleans(),
    drop=st.booleans(),
    times=st.integers(1, 2),
)
STEPS = st.lists(
    st.one_of(
        st.builds(Earn, st.integers(0, 10)),
        st.just(Reword()),
        st.builds(Send, st.none() | FAULTS, st.booleans()),
        st.builds(Send, FAULTS),
    ),
    max_size=14,
)


class Story:
    """One student's way through the steps, and what the grade book has to show in the end."""

    def __init__(self, course: Course, courier: Courier, database: Database, sub: str) -> None:
        self.course, self.courier, self.database, self.sub = course, courier, database, sub
        self.version, self.words = 1, 0
        self.points = 0
        self.attempt = course.attempt(sub, score=0)
        course.set(self.attempt, comment=self.comment)

    @property
    def comment(self) -> str:
        return f"version {self.version}, words {self.words}"

    def take(self, step: Earn | Reword | Send | Override) -> None:
        match step:
            case Earn(points):
                self.version, self.points = self.version + 1, points
                self.course.want(self.attempt, points, self.comment)
            case Reword():
                self.words += 1
                self.course.want(self.attempt, self.points, self.comment, same_facts=True)
            case Override():
                self.entry.override(BY_HAND)
            case Send(fault, dies):
                self.course.platform.faults = [] if fault is None else [Fault(**vars(fault))]
                self.course.hurry(self.attempt)
                self.die() if dies else deliver(self.courier, self.database, self.attempt)

    def die(self) -> None:
        """Send as a worker does that is killed before it can write down what came of it."""
        with self.database.transaction() as session:
            address = address_of(session, self.attempt)
            assert address is not None
            platform = PLATFORMS[address.registration.platform]
            manner = Manner(timestamp_step=platform.timestamp_step)
            claim = deliveries.claim(session, self.attempt, manner)
        if claim is not None:
            self.courier.deliver(address, claim)
            self.course.set(self.attempt, leased_until=utcnow() - timedelta(seconds=1))

    def end(self) -> DeliveryState:
        """Let everything work again, and every wait be over, until there is nothing to do."""
        for _ in range(6):
            self.take(Send())
            row = self.course.row(self.attempt)
            if row.state is not DeliveryState.PENDING:
                return row.state
        return DeliveryState.PENDING

    @property
    def entry(self) -> Entry:
        platform = self.course.platform
        assert isinstance(platform, Moodle | Canvas)
        return platform.book.of(self.sub)


@pytest.fixture(params=[PlatformFamily.MOODLE, PlatformFamily.CANVAS])
def begin(
    request: pytest.FixtureRequest, courier: Courier, database: Database
) -> Callable[[], Story]:
    """Begin stories of new students in one course."""
    family: PlatformFamily = request.param
    course = place(database, request.getfixturevalue(family.value), family)
    numbers = count(1)
    return lambda: Story(course, courier, database, f"student-{next(numbers)}")


def _keeps_comments(story: Story) -> bool:
    return isinstance(story.course.platform, Canvas)


def _check_growing(story: Story) -> None:
    moments = [moment_of(score) for score in story.entry.taken]
    if _keeps_comments(story):
        assert moments == sorted(moments)
    else:
        seconds = [moment.replace(microsecond=0) for moment in moments]
        assert all(earlier < later for earlier, later in pairwise(seconds))


def thoroughly(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


EXAMPLES = pytest.mark.parametrize("examples", [40, pytest.param(200, marks=pytest.mark.slow)])


@EXAMPLES
def test_the_grade_book_ends_with_the_newest_points_and_each_version_is_told_once(
    begin: Callable[[], Story], examples: int
) -> None:
    @thoroughly(examples)
    @given(STEPS)
    def holds(steps: list[Earn | Reword | Send]) -> None:
        story = begin()
        for step in steps:
            story.take(step)
        assert story.end() is DeliveryState.SENT
        assert story.entry.share == story.points / 10
        _check_growing(story)
        if not _keeps_comments(story):
            assert story.entry.comments == [story.comment]
            return
        told = [re.sub(", words .*", "", comment) for comment in story.entry.comments]
        assert max(Counter(told).values()) == 1
        assert told[-1] == f"version {story.version}"

    holds()


@EXAMPLES
def test_nothing_is_posted_after_a_teachers_override(
    begin: Callable[[], Story], examples: int
) -> None:
    @thoroughly(examples)
    @given(STEPS, STEPS)
    def holds(before: list[Earn | Reword | Send], after: list[Earn | Reword | Send]) -> None:
        story = begin()
        for step in before:
            story.take(step)
        story.end()
        story.take(Override())
        posts = len(story.entry.taken)
        for step in after:
            story.take(step)
        story.take(Earn((story.points + 1) % 11))
        assert story.end() is DeliveryState.OVERRIDDEN
        assert len(story.entry.taken) == posts
        assert story.entry.shown == BY_HAND

    holds()
