"""Processes are killed without warning in mid-work: the page recovers, nothing runs twice."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.pages import Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]

RECOVERY_SECONDS = 15

COUNTING_CELL = """import time
executions = globals().get("executions", 0) + 1
for tick in range(40):
    print(f"LABEL {executions} tick {tick};", flush=True)
    time.sleep(0.5)
print(f"LABEL {executions} finished")"""
"""`LABEL` tells one test's output from what an earlier one left in the same cell."""

SLOW_ANSWER = "import time\ntime.sleep(4)\n"
"""Holds the replay long enough to be killed in its middle."""


def ticks(workspace: Workspace, label: str) -> list[int]:
    """Return the numbers of the ticks that the page shows, in order."""
    text = workspace.output("look").inner_text()
    return [int(tick) for tick in re.findall(rf"{label} 1 tick (\d+);", text)]


@pytest.mark.parametrize("victim", ["web", "worker"])
def test_a_killed_process_in_mid_run_loses_no_output_and_runs_no_cell_twice(
    victim: str,
    stack: Stack,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
) -> None:
    label = f"{victim} killed"
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("clean", "executions = 0")
    workspace.run("clean")
    workspace.write("look", COUNTING_CELL.replace("LABEL", label))
    workspace.run("look")
    workspace.shows("output-look", f"{label} 1 tick 2;", seconds=40)

    stack.kill(victim)
    seen = len(ticks(workspace, label))
    wait_for(
        lambda: len(ticks(workspace, label)) > seen + 2,
        seconds=RECOVERY_SECONDS,
        what=f"new output after kill -9 of {victim}",
    )

    workspace.shows("output-look", f"{label} 1 finished", seconds=40)
    assert ticks(workspace, label) == list(range(40))
    assert f"{label} 2" not in workspace.output("look").inner_text()


@pytest.mark.parametrize(("victim", "person"), [("web", "Ada Moreno"), ("worker", "Ben Okafor")])
def test_a_killed_process_in_mid_validation_still_gives_a_verdict_and_a_score(
    victim: str,
    person: str,
    stack: Stack,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
) -> None:
    workspace = open_activity(page, person)
    workspace.write("look", SLOW_ANSWER + wine_solution()["look"])
    workspace.validate("look")
    workspace.shows("checking-look", "Checking", seconds=15)
    time.sleep(1)

    stack.kill(victim)

    workspace.shows("verdict-look", "Approved", seconds=RECOVERY_SECONDS + 10)
    assert "time.sleep(4)" in workspace.code("look")
    wait_for(
        lambda: any(grade["score"] == 10 and grade["name"] == person for grade in stack.grades()),
        seconds=RECOVERY_SECONDS,
        what=f"the score of {person} in the grade book",
    )
