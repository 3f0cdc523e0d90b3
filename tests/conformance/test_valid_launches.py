"""LTI Advantage Conformance Certification Guide 1.3, §6.1.2 and §6.1.3, by the published names.

Each launch must lead to a page that works, as a teacher or as a student, and no more may be known
of the person afterwards than the platform's own name for them.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from config.database import Base, Database
from lti_tool.models import CourseRole, LaunchSession
from tests.conformance.launching import Browser
from tests.lti_tool.factories import CLAIM, INSTRUCTOR, LEARNER, Claims

Change = Callable[[Claims], object]

NAMES = {"name": "Ada Canary", "given_name": "Ada", "family_name": "Canary"}
EMAIL = {"email": "canary@school.example"}
ROLES = f"{CLAIM}roles"
CONTEXT = f"{CLAIM}context"
PERSON = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"


def _email_without_context(claims: Claims) -> None:
    del claims[CONTEXT]
    claims.update(EMAIL)


def _launches(role: str) -> dict[str, tuple[Change, bool]]:
    """Return each launch's claims, and whether its role is known to the tool."""
    long, short = f"{PERSON}#{role}", role
    return {
        "Launch": (lambda c: c.update({**NAMES, **EMAIL}), True),
        "Launch with Roles": (lambda c: c.update({ROLES: [*c[ROLES], long]}), True),
        "Short Role": (lambda c: c.update({ROLES: [short]}), True),
        "Unknown Role": (
            lambda c: c.update({ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/x#H"]}),
            False,
        ),
        "No Role": (lambda c: c.update({ROLES: []}), False),
        "Email Only": (lambda c: c.update(EMAIL), True),
        "Names Only": (lambda c: c.update(NAMES), True),
        "No PII": (lambda _: None, True),
        "Email Without Context": (_email_without_context, True),
    }


def _boot(page: str) -> dict[str, Any]:
    """Return what the server tells the page about itself."""
    found = re.search(r'id="casebook-boot">(.*?)</script>', page, re.DOTALL)
    assert found is not None, page
    boot: dict[str, Any] = json.loads(found[1])
    return boot


def _open(browser: Browser, role: str, change: Change) -> dict[str, Any]:
    browser.login()
    browser.claims[ROLES] = [role]
    change(browser.claims)
    page = browser.follow(browser.launch())
    assert page.status_code == 200, page.text
    return _boot(page.text)


def _role(database: Database) -> CourseRole:
    with database.transaction() as session:
        return session.scalars(select(LaunchSession.role)).one()


def _stored(database: Database) -> str:
    """Return every row of every table as text."""
    with database.transaction() as session:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(table.select())
        )


@pytest.mark.parametrize(
    ("change", "known"), _launches("Instructor").values(), ids=_launches("Instructor").keys()
)
def test_valid_instructor_launch(
    browser: Browser, database: Database, change: Change, *, known: bool
) -> None:
    _open(browser, INSTRUCTOR, change)
    assert _role(database) is (CourseRole.INSTRUCTOR if known else CourseRole.OBSERVER)
    assert "anary" not in _stored(database)


@pytest.mark.parametrize(
    ("change", "known"), _launches("Learner").values(), ids=_launches("Learner").keys()
)
def test_valid_student_launch(
    browser: Browser, database: Database, change: Change, *, known: bool
) -> None:
    boot = _open(browser, LEARNER, change)
    assert _role(database) is (CourseRole.LEARNER if known else CourseRole.OBSERVER)
    assert boot["title"] == "Wine"
    assert "anary" not in _stored(database)
