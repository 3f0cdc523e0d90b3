"""The tool and the demo LMS, both real and over HTTP: launch, score, grade book."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from config.database import Database
from config.settings import Settings
from grading.models import DeliveryState, ScoreDelivery
from lti_tool.demo_lms.app import create_app
from lti_tool.demo_lms.registration import demo_registration
from lti_tool.launch.service import LaunchKit
from lti_tool.models import CourseRole, LaunchSession
from lti_tool.services.delivery import Courier
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets
from lti_tool.services.keys import KeyStore
from lti_tool.services.registrations import add_registration
from lti_tool.tasks import deliver
from lti_tool.views import jwks, launch, login
from lti_tool.wiring import LAUNCH_EXTENSION
from tests.lti_tool.demo_lms.forms import only_form
from tests.lti_tool.demo_lms.servers import serving
from tests.lti_tool.factories import add_case

CASE = """
title: Wine
subtasks:
  - {id: look, title: Look, points: 10}
"""


@pytest.fixture
def lms(
    settings: Settings, database: Database, http: PlatformHttp, tmp_path: Path
) -> Iterator[str]:
    """Run both, on two sites; return the LMS's origin."""
    folder = tmp_path / "examples" / "wine"
    folder.mkdir(parents=True)
    (folder / "case.yaml").write_text(CASE, encoding="utf-8")
    demo = demo_registration(settings)
    with database.transaction() as session:
        add_case(session)
        add_registration(
            session,
            issuer=demo.issuer,
            client_id=demo.client_id,
            authorization_url=demo.authorization_url,
            token_url=demo.token_url,
            jwks_url=demo.jwks_url,
            deployment_ids=[demo.deployment_id],
            name="Demo LMS",
        )
    tool = Flask("tool")
    tool.extensions[LAUNCH_EXTENSION] = LaunchKit(
        settings=settings,
        transaction=database.transaction,
        key_sets=KeySets(http),
        key_store=KeyStore(settings.keys_dir),
    )
    for view in (login, launch, jwks):
        tool.register_blueprint(view.blueprint)
    with (
        serving(create_app(settings, examples=folder.parent), settings.port),
        serving(tool, settings.tool_port, host="localhost"),
    ):
        yield settings.demo_lms_url


def _open_activity(lms: str, person: str) -> httpx.Response:
    """Do what the browser does: three forms and a redirect, with the cookies of two sites."""
    with httpx.Client(cookies={"demo_lms_person": person}, timeout=10) as browser:
        form = only_form(browser.get(f"{lms}/lti/start/wine").raise_for_status().text)
        begun = browser.post(form.action, data=form.fields)
        # The client keeps no Secure cookie of plain http; a browser does so for localhost.
        cookie = begun.headers["Set-Cookie"].partition(";")[0]
        answer = only_form(browser.get(begun.headers["Location"]).raise_for_status().text)
        return browser.post(answer.action, data=answer.fields, headers={"Cookie": cookie})


def test_a_student_comes_from_the_demo_lms_and_the_score_goes_back(
    lms: str, database: Database, settings: Settings, http: PlatformHttp
) -> None:
    response = _open_activity(lms, "101")
    assert response.status_code == 303, response.text
    with database.transaction() as session:
        row = session.scalars(select(LaunchSession)).one()
        session.add(
            ScoreDelivery(attempt_id=row.attempt_id, score=8, max_score=10, comment="Look: good.")
        )
    assert row.role is CourseRole.LEARNER
    assert row.frame_ancestor == lms
    courier = Courier(http, KeyStore(settings.keys_dir), database.transaction)
    deliver(courier, database, row.attempt_id)
    with database.transaction() as session:
        delivery = session.get_one(ScoreDelivery, row.attempt_id)
    assert (delivery.state, delivery.last_error) == (DeliveryState.SENT, "")
    grades = httpx.get(f"{lms}/grades.json", cookies={"demo_lms_person": "201"}).text
    assert "Look: good." in grades


def test_the_demo_lmss_teacher_is_not_graded(lms: str, database: Database) -> None:
    teacher = "201"
    assert _open_activity(lms, teacher).status_code == 303
    with database.transaction() as session:
        assert session.scalars(select(LaunchSession)).one().role is CourseRole.INSTRUCTOR
