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
    print(f"execution {executions} tick {tick};", flush=True)
    time.sleep(0.5)
print(f"finished execution {executions}")"""

SLOW_ANSWER = "import time\ntime.sleep(4)\n"


def newest_tick(workspace: Workspace) -> int:
    """Return the number of the newest tick that the page shows, -1 before the first."""
    ticks = re.findall(r"tick (\d+);", workspace.output("look").inner_text())
    return int(ticks[-1]) if ticks else -1


@pytest.mark.parametrize("victim", ["web", "worker"])
def test_a_killed_process_in_mid_run_loses_no_output_and_runs_no_cell_twice(
    victim: str,
    stack: Stack,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("clean", "executions = 0")
    workspace.run("clean")
    workspace.write("look", COUNTING_CELL)
    workspace.run("look")
    workspace.shows("output-look", "execution 1 tick 2;", seconds=40)

    stack.kill(victim)
    seen = newest_tick(workspace)
    killed = time.monotonic()
    wait_for(
        lambda: newest_tick(workspace) > seen + 2,
        seconds=RECOVERY_SECONDS,
        what=f"new output after kill -9 of {victim}",
    )
    assert time.monotonic() - killed < RECOVERY_SECONDS

    workspace.shows("output-look", "finished execution 1", seconds=40)
    text = workspace.output("look").inner_text()
    ticks = [int(tick) for tick in re.findall(r"tick (\d+);", text)]
    assert ticks == list(range(40))
    assert "execution 2" not in text


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
    workspace.shows("verdict-look", "Checking", seconds=15)
    time.sleep(1)

    stack.kill(victim)

    workspace.shows("verdict-look", "Approved", seconds=RECOVERY_SECONDS + 10)
    assert "time.sleep(4)" in workspace.code("look")
    wait_for(
        lambda: any(grade["score"] == 10 and grade["name"] == person for grade in stack.grades()),
        seconds=RECOVERY_SECONDS,
        what=f"the score of {person} in the grade book",
    )
