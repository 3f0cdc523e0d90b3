"""The product's main job, end to end, on real parts and across two sites."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import SECONDS, Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]

WRONG_LOOK = """import pandas as pd

wine = pd.read_csv("data/wine.csv")
print("rows read:", len(wine))
shape = len(wine)
missing = wine.isna().sum()
wine.head(3)"""


def test_a_student_is_corrected_then_approved_and_the_grade_book_shows_it(
    stack: Stack, page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    violations: list[str] = []
    page.on(
        "console",
        lambda entry: violations.append(entry.text) if "Content Security" in entry.text else None,
    )
    workspace = open_activity(page, "Ada Moreno")

    workspace.write("look", WRONG_LOOK)
    workspace.run("look")
    workspace.shows("output-look", "rows read: 187", seconds=40)
    expect(workspace.output("look").locator("table")).to_contain_text("alcohol")

    workspace.validate("look")
    workspace.shows("verdict-look", "Needs work", seconds=40)
    workspace.shows("feedback-look", "shape")
    expect(workspace.at("feedback-look")).not_to_contain_text("(187, 14)")

    workspace.write("look", wine_solution()["look"])
    workspace.validate("look")
    workspace.shows("verdict-look", "Approved", seconds=40)
    workspace.shows("points", "10")
    workspace.shows("delivery", "Score sent", seconds=60)
    expect(workspace.at("saved")).to_contain_text(re.compile(r"Saved \d\d:\d\d"))

    page.reload()
    expect(workspace.output("look").locator("table")).to_contain_text("alcohol")
    workspace.shows("verdict-look", "Approved")
    assert "shape = wine.shape" in workspace.code("look")

    stack.wait_for_score(10)
    page.goto(f"{stack.url}grades")
    expect(page.get_by_text("Look at the table")).to_be_visible()
    assert violations == []


def test_the_ideal_solution_typed_by_a_student_earns_every_point(
    stack: Stack,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
    tmp_path: Path,
) -> None:
    workspace = open_activity(page, "Ben Okafor")
    for subtask, source in wine_solution().items():
        workspace.write(subtask, source)
        workspace.run(subtask)
    expect(workspace.output("judge").locator("img")).to_be_visible(timeout=60 * SECONDS)
    for subtask in wine_solution():
        workspace.validate(subtask)
        workspace.shows(f"verdict-{subtask}", "Approved", seconds=60)
    workspace.shows("points", "100")
    stack.wait_for_score(100)
    page.screenshot(path=str(tmp_path / "all.png"))


def test_a_name_that_nobody_defined_is_marked_before_it_is_run(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ben Okafor")
    workspace.write("look", "bottles = 187\nprint(botles)")
    mark = workspace.at("cell-look").locator(".cm-lintRange")
    expect(mark).to_have_text("botles", timeout=60 * SECONDS)


def test_the_teacher_sees_every_grade(stack: Stack, page: Page) -> None:
    page.goto(stack.url)
    page.get_by_role("button", name="Ines Vogel").click()
    page.goto(f"{stack.url}grades")
    expect(page.get_by_role("row", name="Ada Moreno")).to_contain_text("10")
    expect(page.get_by_role("row", name="Ben Okafor")).to_contain_text("100")
