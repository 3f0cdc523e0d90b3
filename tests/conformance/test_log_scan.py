"""Launches, scores, rosters and calls that fail: the product's log tells nobody's secrets."""

import io
import logging
import logging.config
from collections.abc import Callable, Iterator

import pytest
import structlog

from config.logging import logging_config
from tests.conformance.launching import Browser
from tests.conformance.working import Worker
from tests.e2e.leaks import leaks
from tests.fakes.platform import CANARY_HOST, CANARY_NAME, Fault, Platform
from tests.lti_tool.factories import CLAIM, INSTRUCTOR, LEARNER, NRPS_CLAIM


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the product writes to its log, through its own formatter, down to INFO."""
    stream = io.StringIO()
    root, config = logging.getLogger(), logging_config()
    handlers, level = list(root.handlers), root.level
    named = {name: logging.getLogger(name).level for name in config["loggers"]}
    config["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, former in named.items():
        logging.getLogger(name).setLevel(former)


def test_no_log_holds_a_token_a_name_or_an_address(
    log: io.StringIO,
    open_browser: Callable[[], Browser],
    platform: Platform,
    worker: Worker,
) -> None:
    platform.enrol("student-1", LEARNER)
    platform.add_line_item("link-1", maximum=10)
    opened = _launch(open_browser(), platform, LEARNER)
    worker.deliver(7)
    platform.faults = [Fault("/scores", status=422, body=f"{CANARY_NAME} left".encode())]
    worker.deliver(8)
    refused = open_browser()
    refused.login()
    id_token = refused.token()
    assert refused.launch(f"{id_token[:-8]}AAAAAAAA").status_code == 401
    teacher = open_browser()
    platform.faults = [Fault("/members", drop=True)]
    _launch(teacher, platform, INSTRUCTOR, sub="teacher", course="course-2")
    worker.work()
    said = log.getvalue()
    for event in ("launched", "roster read", "roster not read", "score sent", "score refused"):
        assert f'"{event}"' in said, event
    planted = [CANARY_NAME, CANARY_HOST, *platform.tokens, id_token, opened]
    assert list(leaks(said, planted)) == []


def _launch(
    browser: Browser,
    platform: Platform,
    role: str,
    *,
    sub: str = "student-1",
    course: str = "course-1",
) -> str:
    """Open the activity by name and address, and return the id_token that did so."""
    browser.login()
    browser.claims.update(
        {
            "sub": sub,
            "name": f"{CANARY_NAME} {sub}",
            "email": f"{sub}@{CANARY_HOST}",
            f"{CLAIM}roles": [role],
            f"{CLAIM}context": {"id": course},
            NRPS_CLAIM: {"context_memberships_url": f"{platform.origin}/members"},
        }
    )
    id_token = browser.token()
    assert browser.follow(browser.launch(id_token)).status_code == 200
    return id_token
