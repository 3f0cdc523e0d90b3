"""An activity on its way into a course, as an administrator, a teacher and students go it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.accessibility import broken
from tests.e2e.pages import SECONDS, Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack
from tests.grading.submissions import EXAMPLES

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]

WINE = "Which cultivar is in the glass?"


@pytest.fixture
def teacher(stack: Stack, page: Page) -> Page:
    page.goto(stack.url)
    page.get_by_role("button", name="Ines Vogel").click()
    return page


@pytest.fixture(autouse=True)
def _strict_policy(page: Page) -> Iterator[None]:
    """What the browser said of the strict policy; nothing, at the end."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if "Content Sec" in said.text else None)
    yield
    assert found == []


def casebook(stack: Stack, *arguments: str) -> str:
    command = [sys.executable, "-m", "lti_tool.cli", "registration", "--state", str(stack.state)]
    environment = {**os.environ, "CASEBOOK_PORT": str(stack.port), **stack.environment}
    done = subprocess.run(
        [*command, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def register(stack: Stack, page: Page) -> None:
    """Register Casebook by dynamic registration, and open activities by it."""
    page.get_by_role("link", name="Tools").click()
    page.get_by_label("Registration address").fill(casebook(stack, "invite"))
    page.get_by_role("button", name="Add").click()
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Register Casebook").click()
    frame.get_by_role("button", name="Back to the platform").click()
    pending = [
        one for one in json.loads(casebook(stack, "list", "--json")) if one["state"] == "pending"
    ]
    casebook(stack, "approve", pending[0]["id"])
    row = page.get_by_role("row").filter(has_text=pending[0]["client_id"])
    row.get_by_role("button", name="Open by this").click()
    expect(row).to_contain_text("opened by this")


def open_dialog(page: Page) -> FrameLocator:
    page.get_by_role("link", name="Demo LMS").click()
    page.get_by_role("link", name="Add an activity").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Choose cases")).to_be_visible(timeout=20 * SECONDS)
    return frame


def case_of(frame: FrameLocator, title: str) -> Locator:
    return frame.get_by_test_id("case").filter(has_text=title)


def open_as(page: Page, person: str, activity: str) -> Workspace:
    page.get_by_role("link", name="Demo LMS").click()
    page.get_by_role("button", name=person).click()
    page.get_by_role("link", name=activity).click()
    workspace = Workspace(page, page.frame_locator("iframe"))
    workspace.ready()
    return workspace


def test_a_teacher_adds_two_cases_and_a_students_score_arrives_in_their_column(
    stack: Stack, teacher: Page
) -> None:
    register(stack, teacher)
    frame = open_dialog(teacher)
    wine = case_of(frame, WINE)
    wine.get_by_role("checkbox").check()
    wine.get_by_label("Title in the course").fill("Homework 1: wine")
    wine.get_by_label("Points in the grade book").fill("20")
    case_of(frame, "How far does a gallon go?").get_by_role("checkbox").check()
    assert broken(teacher.frames[1]) == []
    frame.get_by_role("button", name="Add to the course").click()

    expect(teacher.get_by_role("heading", level=1)).to_have_text("These activities will be added")
    expect(teacher.get_by_role("listitem")).to_have_count(2)
    expect(teacher.get_by_text("20 points in the grade book")).to_be_visible()
    assert broken(teacher.frames[0]) == []
    teacher.get_by_role("button", name="Save").click()
    expect(teacher.get_by_role("link", name="Homework 1: wine")).to_be_visible()

    workspace = open_as(teacher, "Ada Moreno", "Homework 1: wine")
    workspace.write("look", wine_solution()["look"])
    workspace.validate("look")
    workspace.shows("verdict-look", "Approved", seconds=60)
    workspace.shows("delivery", "Score sent", seconds=60)
    teacher.goto(f"{stack.url}grades")
    cell = teacher.locator('td[data-label="Homework 1: wine"]')
    expect(cell).to_contain_text(re.compile(r"2 / 20"))


def test_a_copied_course_opens_the_same_case_with_a_fresh_attempt_and_asks_for_a_date(
    teacher: Page,
) -> None:
    teacher.get_by_role("button", name="Copy this course").click()
    expect(teacher.get_by_role("heading", level=1)).to_have_text("Data Science Basics, copy 1")
    teacher.get_by_role("button", name="Ada Moreno").click()
    teacher.get_by_role("link", name="Homework 1: wine").click()
    workspace = Workspace(teacher, teacher.frame_locator("iframe"))
    workspace.ready()
    workspace.shows("points", "0")
    assert "shape = wine.shape" not in workspace.code("look")

    teacher.get_by_role("button", name="Ines Vogel").click()
    workspace.shows("due-form", "This course is a copy.")
    workspace.frame.get_by_label("Due date").fill("2027-01-02T08:30")
    workspace.frame.get_by_role("button", name="Set", exact=True).click()
    teacher.get_by_role("button", name="Ada Moreno").click()
    workspace.ready()
    workspace.shows("due", "Due 2 Jan 2027, 08:30")


def test_a_solved_notebook_that_is_dropped_in_the_dialog_becomes_an_activity(
    teacher: Page, tmp_path: Path
) -> None:
    case = shutil.make_archive(str(tmp_path / "wine again"), "zip", EXAMPLES / "wine")
    frame = open_dialog(teacher)
    frame.get_by_label("A solved notebook").set_input_files(case)
    frame.get_by_role("button", name="Prepare a case from it").click()
    upload = frame.get_by_test_id("upload")
    upload.get_by_role("checkbox").check(timeout=90 * SECONDS)
    upload.get_by_label("Title in the course").fill("My own wine")
    frame.get_by_role("button", name="Add to the course").click()
    teacher.get_by_role("button", name="Save").click()
    open_as(teacher, "Ben Okafor", "My own wine")


def test_a_dialog_that_is_cancelled_adds_nothing(stack: Stack, teacher: Page) -> None:
    frame = open_dialog(teacher)
    frame.get_by_role("button", name="Cancel").click()
    expect(teacher.get_by_role("heading", level=1)).to_have_text("Nothing was chosen")
    teacher.get_by_role("link", name="Back to the course").click()
    expect(teacher).to_have_url(stack.url)
