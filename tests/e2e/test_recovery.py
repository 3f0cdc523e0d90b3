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

LONG_CELL = """import time
print("LABEL begun", flush=True)
time.sleep(600)"""

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


def test_a_killed_runner_in_mid_run_is_told_and_the_next_run_finds_a_new_kernel(
    stack: Stack, page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    label = "runner killed"
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("clean", "print('defined', globals().get('before')); before = 1")
    workspace.run("clean")
    workspace.shows("output-clean", "defined", seconds=40)
    workspace.write("look", LONG_CELL.replace("LABEL", label))
    workspace.run("look")
    workspace.shows("output-look", f"{label} begun", seconds=40)

    stack.kill("runner")

    # "was restarted" or, on a machine where that takes long, "cannot be reached".
    workspace.shows("cell-look", "may have run in part", seconds=RECOVERY_SECONDS)
    workspace.shows("output-look", f"{label} begun")
    assert workspace.output("look").inner_text().count("begun") == 1
    workspace.run("clean")
    workspace.shows("output-clean", "defined None", seconds=RECOVERY_SECONDS)
    assert LONG_CELL.splitlines()[2] in workspace.code("look")


def test_a_killed_runner_is_told_to_a_page_that_runs_nothing(
    stack: Stack, page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("clean", "print('before the', 'death')")
    workspace.run("clean")
    workspace.shows("output-clean", "before the death", seconds=40)
    workspace.shows("kernel", "Python is ready")

    stack.kill("runner")

    workspace.shows("banners", "restarted", seconds=RECOVERY_SECONDS)
    workspace.run("clean")
    workspace.shows("kernel", "Python is ready", seconds=40)


def test_a_killed_database_in_mid_run_loses_no_output_and_runs_no_cell_twice(
    stack: Stack, page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    label = "database killed"
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("clean", "executions = 0")
    workspace.run("clean")
    workspace.write("look", COUNTING_CELL.replace("LABEL", label))
    workspace.run("look")
    workspace.shows("output-look", f"{label} 1 tick 2;", seconds=40)
    workspace.write("clean", "saved = 'just before'")
    workspace.shows("saved", "Saved")

    stack.kill("postgres")
    seen = len(ticks(workspace, label))
    wait_for(
        lambda: len(ticks(workspace, label)) > seen + 2,
        seconds=RECOVERY_SECONDS,
        what="new output after kill -9 of the database",
    )

    workspace.shows("output-look", f"{label} 1 finished", seconds=40)
    assert ticks(workspace, label) == list(range(40))
    assert f"{label} 2" not in workspace.output("look").inner_text()
    page.reload()
    workspace.ready()
    assert workspace.code("clean") == "saved = 'just before'"


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
    stack.wait_for_score(10, person, seconds=RECOVERY_SECONDS)
