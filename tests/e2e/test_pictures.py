"""The README's pictures, taken from the real thing; CASEBOOK_WRITE_PICTURES=1 keeps them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack, wait_for

pytestmark = [
    pytest.mark.slow, pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240),
]  # fmt: skip

KEPT = Path(__file__).parents[2] / "docs" / "img"
KEEP = os.environ.get("CASEBOOK_WRITE_PICTURES") == "1"
"""Read before tests are shielded from the settings of whoever runs them."""
MAX_BYTES = 300_000
ALMOST_CLEAN = "tidy = wine.drop_duplicates()\ntidy = tidy.fillna(wine.median(numeric_only=True))"
"""What many try first: the median is taken before the doubled rows are gone."""


@pytest.fixture
def take(tmp_path: Path) -> Callable[[Page, str], None]:
    """Take a picture of what is seen."""
    folder = KEPT if KEEP else tmp_path

    def take(page: Page, name: str) -> None:
        picture = folder / f"{name}.png"
        page.screenshot(path=str(picture), animations="disabled", caret="hide")
        assert picture.stat().st_size < MAX_BYTES

    return take


def test_pictures_of_a_student_s_work_and_of_the_grade_book(
    stack: Stack,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
    take: Callable[[Page, str], None],
) -> None:
    look = wine_solution()["look"].replace("head()", "head(3)")
    for person, answers in (
        ("Ben Okafor", dict(list(wine_solution().items())[:3])),
        ("Ada Moreno", {"look": look, "clean": ALMOST_CLEAN}),
    ):
        workspace = open_activity(page, person)
        for subtask, source in answers.items():
            workspace.write(subtask, source)
            workspace.run(subtask)
            workspace.shows(f"cell-{subtask}", "Done", seconds=40)
            workspace.validate(subtask)
            verdict = "Needs work" if source == ALMOST_CLEAN else "Approved"
            workspace.shows(f"verdict-{subtask}", verdict, seconds=40)

    page.set_viewport_size({"width": 1100, "height": 1430})
    workspace.at("cell-look").evaluate(
        "cell => { document.activeElement.blur(); cell.scrollIntoView({behavior: 'instant'}); }"
    )
    workspace.shows("delivery", "Score sent")
    for seen in ("verdict-look", "verdict-clean", "feedback-clean"):
        expect(workspace.at(seen)).to_be_in_viewport(ratio=1)
    expect(workspace.at("feedback-clean")).to_contain_text("magnesium")
    take(page, "workspace")
    page.emulate_media(color_scheme="dark")
    take(page, "workspace-dark")

    wait_for(
        lambda: sorted(float(str(grade["score"] or 0)) for grade in stack.grades()) == [10, 45],
        seconds=15,
        what="both scores in the grade book",
    )
    page.emulate_media(color_scheme="light")
    page.goto(stack.url)
    page.get_by_role("button", name="Ines Vogel").click()
    page.goto(f"{stack.url}grades")
    page.set_viewport_size({"width": 1100, "height": 660})
    expect(page.get_by_role("row", name="Ben Okafor")).to_contain_text("45")
    take(page, "gradebook")
