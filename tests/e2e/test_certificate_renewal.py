"""With certificates that live for a minute, a working session notices nothing."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.e2e.pages import Workspace
from tests.e2e.solutions import wine_solution
from tests.e2e.stack import Stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
]

SESSION_SECONDS = 300


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    stack = make_stack(CASEBOOK_CERTIFICATE_LIFETIME_SECONDS="60", CASEBOOK_RUN_SECONDS="400")
    stack.start()
    yield stack
    assert stack.stop() == 0


def test_a_five_minute_session_loses_no_run_and_no_stream(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    ticks = SESSION_SECONDS // 2
    workspace.write(
        "look",
        f"import time\nfor tick in range({ticks}):\n"
        "    print(f'tick {tick};', end=' ', flush=True)\n    time.sleep(2)\nprint('finished')",
    )
    workspace.run("look")
    other = page.context.new_page()
    neighbour = open_activity(other, "Ben Okafor")
    began = time.monotonic()
    rounds = 0
    while time.monotonic() - began < SESSION_SECONDS:
        rounds += 1
        neighbour.write("look", f"{wine_solution()['look']}\nprint('round {rounds}.')")
        neighbour.run("look")
        neighbour.shows("output-look", f"round {rounds}.", seconds=20)
        if rounds % 3 == 0:
            neighbour.validate("look")
            neighbour.shows("verdict-look", "Approved", seconds=30)
        time.sleep(10)
    workspace.shows("output-look", "finished", seconds=60)
    text = workspace.output("look").inner_text()
    assert [int(tick) for tick in re.findall(r"tick (\d+);", text)] == list(range(ticks))
