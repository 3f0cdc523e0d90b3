"""How long a student waits: from launch to editor, run to output, Validate to verdict, grade book.

Measured in Chromium through the demo LMS against a stack started for the purpose.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.report import median, print_report
from tests.e2e.conftest import CHROMIUM, CHROMIUM_FLAGS, environments
from tests.e2e.pages import Workspace, open_wine
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack, free_ports, wait_for

ROUNDS = 5


def milliseconds(action: Callable[..., None], *args: object) -> float:
    """Return how long an action takes."""
    began = time.perf_counter()
    action(*args)
    return (time.perf_counter() - began) * 1000


def measure(stack: Stack, page: Page) -> dict[str, list[float]]:
    """Live the loop several times and return the samples of each figure."""
    samples: dict[str, list[float]] = {
        "launch_to_editor_ms": [],
        "run_to_output_ms": [],
        "validate_to_verdict_ms": [],
        "verdict_to_gradebook_ms": [],
    }
    workspace = open_wine(stack.url, page, "Ada Moreno")
    workspace.write("look", wine_solution()["look"])
    workspace.run("look")
    workspace.shows("output-look", "alcohol", seconds=60)
    for number in range(ROUNDS):
        samples["launch_to_editor_ms"].append(milliseconds(relaunch, page, workspace))
        workspace.write("look", f"print('round', {number})")
        samples["run_to_output_ms"].append(milliseconds(run_once, workspace, f"round {number}"))
    points = 0.0
    for subtask, source in wine_solution().items():
        workspace.write(subtask, source)
        time.sleep(1.5)
        samples["validate_to_verdict_ms"].append(milliseconds(validate_once, workspace, subtask))
        points = workspace.points()
        samples["verdict_to_gradebook_ms"].append(milliseconds(grade_arrives, stack, points))
    return samples


def relaunch(page: Page, workspace: Workspace) -> None:
    """Open the activity anew and wait for the first editor."""
    page.reload()
    workspace.ready()


def run_once(workspace: Workspace, expected: str) -> None:
    """Press Run and wait for its output."""
    workspace.run("look")
    workspace.shows("output-look", expected)


def validate_once(workspace: Workspace, subtask: str) -> None:
    """Press Validate and wait for the verdict."""
    workspace.validate(subtask)
    workspace.shows(f"verdict-{subtask}", "Approved", seconds=60)


def grade_arrives(stack: Stack, points: float) -> None:
    """Wait until the grade book holds a score."""
    wait_for(
        lambda: any(grade["score"] == points for grade in stack.grades()),
        seconds=30,
        what=f"{points} points in the grade book",
    )


def main() -> int:
    """Start a stack, measure, print."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        stack = Stack(
            state=Path(folder) / "state",
            port=free_ports(),
            environment={"CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE": str(environments())},
        )
        stack.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
                samples = measure(stack, browser.new_page())
                browser.close()
        finally:
            stack.stop()
    print_report([median(name, values, "ms") for name, values in samples.items()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
