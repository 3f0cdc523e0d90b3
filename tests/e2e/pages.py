"""The pages as a person uses them: what can be seen, pressed and typed."""

from dataclasses import dataclass

from playwright.sync_api import FrameLocator, Locator, Page, expect

SECONDS = 1000
"""Playwright counts in milliseconds."""


@dataclass(frozen=True)
class Workspace:
    """The notebook page inside the activity's iframe."""

    page: Page
    frame: FrameLocator

    def at(self, name: str) -> Locator:
        """Return the element with a `data-testid`."""
        return self.frame.get_by_test_id(name)

    def write(self, cell: str, source: str) -> None:
        """Replace a cell's code, as a person would: select all, then type."""
        editor = self.at(f"cell-{cell}").locator(".cm-content")
        editor.click()
        editor.press("Control+a")
        self.page.keyboard.insert_text(source)

    def code(self, cell: str) -> str:
        """Return what the editor of a cell shows."""
        return self.at(f"cell-{cell}").locator(".cm-content").inner_text()

    def run(self, cell: str) -> None:
        """Press Run on a cell."""
        self.at(f"run-{cell}").click()

    def output(self, cell: str) -> Locator:
        """Return the output area of a cell."""
        return self.at(f"output-{cell}")

    def validate(self, subtask: str) -> None:
        """Press Validate on a subtask."""
        self.at(f"validate-{subtask}").click()

    def verdict(self, subtask: str) -> Locator:
        """Return the verdict of a subtask."""
        return self.at(f"verdict-{subtask}")

    def shows(self, name: str, text: str, *, seconds: float = 20) -> None:
        """Wait until an element contains a text."""
        expect(self.at(name)).to_contain_text(text, timeout=seconds * SECONDS)

    def ready(self) -> None:
        """Wait until the first editor can be typed into."""
        expect(self.at("cell-look").locator(".cm-content")).to_be_visible(timeout=20 * SECONDS)

    def points(self) -> float:
        """Return the points that the header shows."""
        return float(self.at("points").inner_text().split("/")[0])


def open_wine(url: str, page: Page, person: str) -> Workspace:
    """Become a person in the demo LMS and open the wine activity, as clicks would."""
    page.goto(url)
    page.get_by_role("button", name=person).click()
    page.get_by_role("link", name="Which cultivar is in the glass?").first.click()
    workspace = Workspace(page, page.frame_locator("iframe"))
    workspace.ready()
    return workspace
