"""What Open edX's own code and the tool make of each other, by the names of what people see."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from config.database import Database
from grading.models import DeliveryState, ScoreDelivery
from lti_tool.models import CourseMember, CourseRole, LaunchSession, PlatformFamily
from lti_tool.services.registrations import add_registration
from tests.conformance.choosing import Dialog, Returned
from tests.conformance.launching import Browser
from tests.conformance.open_edx.peer import Block, OpenEdx, running
from tests.conformance.working import Worker
from tests.peers import PeerUnavailableError


@dataclass(frozen=True)
class Course:
    """A course of the running LMS, into which the tool is placed."""

    lms: OpenEdx
    tool: str
    database: Database

    def place(self, *, ags: str = "programmatic", deep_linking: bool = False) -> Block:
        """Place the tool and register the block, as docs/lms/open-edx.md says."""
        block = self.lms.add_block(self.tool, ags=ags, deep_linking=deep_linking)
        with self.database.transaction() as session:
            added = add_registration(
                session,
                issuer=self.lms.origin,
                client_id=block.client_id,
                authorization_url=block.authorization_url,
                token_url=block.token_url,
                jwks_url=block.keyset_url,
                deployment_ids=["1"],
                name="Open edX",
            )
            added.platform = PlatformFamily.OPEN_EDX
        return block

    def open(self, block: Block, browser: Browser, person: str) -> httpx.Response:
        """Open a block and see what the browser shows then."""
        page = browser.follow(self.lms.launch(block, browser, person))
        assert page.status_code == 200, page.text
        return page

    def roles(self) -> list[CourseRole]:
        with self.database.transaction() as session:
            return list(session.scalars(select(LaunchSession.role)))


@pytest.fixture(scope="module")
def lms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenEdx]:
    try:
        with running(tmp_path_factory.mktemp("open-edx")) as started:
            yield started
    except PeerUnavailableError as error:
        pytest.skip(f"lti-consumer-xblock cannot be installed here: {error}")


@pytest.fixture
def course(lms: OpenEdx, tool: str, database: Database) -> Course:
    return Course(lms, tool, database)


@pytest.mark.parametrize(
    ("person", "role"), [("ada", CourseRole.LEARNER), ("ines", CourseRole.INSTRUCTOR)]
)
def test_a_block_opens_the_notebook(
    course: Course, browser: Browser, person: str, role: CourseRole
) -> None:
    course.open(course.place(), browser, person)
    assert course.roles() == [role]


def test_two_blocks_are_two_registrations_of_one_issuer(
    course: Course, open_browser: Callable[[], Browser]
) -> None:
    for block in (course.place(), course.place()):
        course.open(block, open_browser(), "ada")
    with course.database.transaction() as session:
        attempts = set(session.scalars(select(LaunchSession.attempt_id)))
    assert len(attempts) == 2


@pytest.mark.parametrize(("ags", "maximum"), [("programmatic", 10), ("declarative", 20)])
def test_a_score_reaches_the_course_with_its_comment(
    course: Course, browser: Browser, worker: Worker, ags: str, maximum: int
) -> None:
    """In one mode the tool makes the column, in the other the block has one already."""
    block = course.place(ags=ags)
    course.open(block, browser, "ada")
    attempt = worker.deliver(7.5, comment="Look at the split.")
    assert worker.delivery(attempt).state is DeliveryState.SENT
    state = course.lms.state(block)
    [grade] = state["grades"]
    assert (grade["user"], grade["score"], grade["comment"]) == ("ada", 0.75, "Look at the split.")
    [item] = state["line_items"]
    assert item["score_maximum"] == maximum


def test_a_maximum_that_is_no_whole_number_is_rounded_up_for_the_column(
    course: Course, browser: Browser, worker: Worker
) -> None:
    block = course.place()
    course.open(block, browser, "ada")
    attempt = worker.deliver(2.5, maximum=7.5)
    assert worker.delivery(attempt).state is DeliveryState.SENT
    state = course.lms.state(block)
    assert state["line_items"][0]["score_maximum"] == 8
    assert state["grades"][-1]["score"] == pytest.approx(1 / 3)


def test_scores_follow_each_other_down_to_zero(
    course: Course, browser: Browser, worker: Worker
) -> None:
    block = course.place()
    course.open(block, browser, "ada")
    for score in (4, 9, 0):
        attempt = worker.deliver(score)
        assert worker.delivery(attempt).state is DeliveryState.SENT
    assert [grade["score"] for grade in course.lms.state(block)["grades"]] == [0.4, 0.9, 0]


def test_a_timestamp_that_the_platform_takes_for_old_is_followed_by_a_newer_one(
    course: Course, browser: Browser, worker: Worker
) -> None:
    """As when a clock was set back: the platform holds a score of a later moment."""
    block = course.place()
    course.open(block, browser, "ada")
    attempt = worker.deliver(4)
    with course.database.transaction() as session:
        row = session.get_one(ScoreDelivery, attempt)
        row.sent_timestamp = datetime.now(UTC) - timedelta(days=1)
    worker.deliver(8)
    assert worker.delivery(attempt).state is DeliveryState.SENT
    assert course.lms.state(block)["grades"][-1]["score"] == 0.8


def test_the_roster_has_everybody(course: Course, browser: Browser, worker: Worker) -> None:
    course.open(course.place(), browser, "ines")
    worker.work()
    with course.database.transaction() as session:
        roles = session.scalars(select(CourseMember.role).where(CourseMember.left_at.is_(None)))
        assert sorted(roles) == ["instructor", "learner", "learner"]


def test_an_author_chooses_a_case_and_its_students_get_it(
    course: Course, open_browser: Callable[[], Browser], worker: Worker
) -> None:
    block, author, student = course.place(deep_linking=True), open_browser(), open_browser()
    page = author.follow(course.lms.launch(block, author, "ines", deep_link=True))
    dialog = Dialog(author, page)
    sent = Returned.from_page(dialog.press("add", pick=dialog.offered))
    saved = course.lms.send(sent.url, sent.token, "ines")
    assert saved.status_code == 200, saved.text
    [content] = course.lms.state(block)["content"]
    assert content["title"] == "Wine"
    assert "casebook_item" in content["custom"]

    course.open(block, student, "ben")
    assert course.roles() == [CourseRole.LEARNER]
    attempt = worker.deliver(6)
    assert worker.delivery(attempt).state is DeliveryState.SENT
    [grade] = course.lms.state(block)["grades"]
    assert (grade["user"], grade["score"]) == ("ben", 0.6)


def test_a_student_gets_no_dialog(course: Course, browser: Browser) -> None:
    block = course.place(deep_linking=True)
    with pytest.raises(AssertionError, match="403"):
        course.lms.launch(block, browser, "ada", deep_link=True)
