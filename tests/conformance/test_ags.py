"""LTI Advantage Conformance Certification Guide 1.3, §6.4, by the published names.

A learner launches; the tool finds or makes the line item by itself, posts the score and reads the
result. Then what grade books are known to do to tools.
"""

from collections.abc import Callable

import pytest

from grading.models import DeliveryState
from tests.conformance.launching import Browser
from tests.conformance.working import ALL_PASS, Worker, verify
from tests.fakes.canvas import Canvas
from tests.fakes.moodle import Moodle
from tests.fakes.platform import (
    AGS,
    CONTAINER,
    LINE_ITEM,
    RESULTS,
    SCORE,
    Fault,
    Platform,
    moment_of,
)
from tests.lti_tool.factories import AGS_CLAIM, NRPS_CLAIM

LearnerLaunch = Callable[..., None]

PUBLISHED = {
    "Line Items GET": ("GET", "/lineitems", CONTAINER, "lineitem"),
    "Line Item Create": ("POST", "/lineitems", LINE_ITEM, "lineitem"),
    "Score POST": ("POST", "/scores", SCORE, "score"),
    "Result GET": ("GET", "/results", RESULTS, "result.readonly"),
}
"""Each step's request: method, end of its path, media type, scope."""


@pytest.fixture
def learner_launch(browser: Browser, platform: Platform) -> LearnerLaunch:
    """Launch as a learner; with the column named in the launch, or without."""

    def launch(*, line_item: bool = True) -> None:
        browser.login()
        browser.claims[NRPS_CLAIM] = {"context_memberships_url": f"{platform.origin}/members"}
        endpoint = browser.claims[AGS_CLAIM]
        del endpoint["lineitem"]
        if line_item:
            endpoint["lineitem"] = platform.add_line_item("link-1", maximum=10)
        assert browser.follow(browser.launch()).status_code == 200

    return launch


def test_learner_launch_leads_to_requests_that_pass_every_check(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    learner_launch(line_item=False)
    attempt = worker.deliver(7)
    for name, (method, path, media_type, scope) in PUBLISHED.items():
        seen = [s for s in platform.requests(path, method) if s.path.endswith(path)]
        assert seen, name
        for request in seen:
            checks = verify(platform, request, media_type=media_type, scope=AGS + scope)
            assert checks == ALL_PASS, name
    [item] = platform.line_items.values()
    assert (item["resourceLinkId"], item["tag"]) == ("link-1", "casebook")
    [score] = platform.scores
    assert (score["userId"], score["scoreGiven"], score["scoreMaximum"]) == ("student-1", 7, 10)
    assert worker.delivery(attempt).state is DeliveryState.SENT


def test_a_line_item_that_the_launch_names_is_neither_looked_for_nor_made_again(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    learner_launch()
    worker.deliver(7)
    assert platform.requests("/lineitems", "POST") == platform.requests("/scores", "POST")
    assert len(platform.scores) == 1


@pytest.mark.parametrize("platform", [Moodle], indirect=True)
def test_the_query_of_a_line_item_stays_behind_its_path(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    learner_launch()
    worker.deliver(7)
    [seen] = platform.requests("/scores")
    assert (seen.path, seen.query) == ("/lineitems/1/lineitem/scores", "type_id=1")


@pytest.mark.parametrize("platform", [Moodle, Canvas], indirect=True)
def test_a_column_on_a_later_page_is_found_in_the_platforms_own_dialect(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    for _ in range(12):
        platform.add_line_item("link-1", maximum=10)
    ours = platform.add_line_item("link-1", maximum=10)
    platform.line_items["13"]["tag"] = "casebook"
    if isinstance(platform, Moodle):
        platform.page_size = 5
    learner_launch(line_item=False)
    worker.deliver(7)
    assert [score["item"] for score in platform.scores] == ["13"], ours


@pytest.mark.parametrize("score", [0, 12])
def test_a_score_of_zero_and_one_above_the_maximum_arrive(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker, score: int
) -> None:
    learner_launch()
    attempt = worker.deliver(score)
    assert [sent["scoreGiven"] for sent in platform.scores] == [score]
    assert worker.delivery(attempt).state is DeliveryState.SENT


def test_a_conflict_is_reconciled_with_what_the_grade_book_shows(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    learner_launch()
    platform.faults = [Fault("/scores", status=409, after_write=True)]
    attempt = worker.deliver(7)
    assert len(platform.scores) == 1
    assert worker.delivery(attempt).state is DeliveryState.SENT


@pytest.mark.parametrize("times", [1, 9])
def test_a_token_that_is_refused_is_renewed_once_and_not_again(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker, times: int
) -> None:
    learner_launch()
    platform.faults = [Fault("/scores", status=401, times=times)]
    worker.deliver(7)
    assert len(platform.requests("/scores")) == 2
    assert len(platform.scores) == (1 if times == 1 else 0)


@pytest.mark.parametrize("platform", [Canvas], indirect=True)
def test_canvas_gets_one_comment_for_each_score(
    learner_launch: LearnerLaunch, platform: Canvas, worker: Worker
) -> None:
    learner_launch()
    platform.faults = [Fault("/scores", drop=True, after_write=True)]
    attempt = worker.deliver(7)
    worker.deliver(8, comment="Better.")
    assert platform.book.of("student-1").comments.count("Good.") <= 1
    assert worker.delivery(attempt).wanted_rev == 2


def test_timestamps_grow_and_services_share_no_token(
    learner_launch: LearnerLaunch, platform: Platform, worker: Worker
) -> None:
    platform.enrol("student-1", "Learner")
    learner_launch()
    worker.deliver(7)
    worker.deliver(8)
    first, second = map(moment_of, platform.scores)
    assert first < second
    assert all(len(scopes) == 1 for scopes in platform.tokens.values())
    assert platform.requests("/members") != []
    assert len(set(platform.tokens.values())) == len(platform.tokens) > 1
