"""A cell that misbehaves ends with a clear message in that cell; everyone else goes on."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.pages import Workspace
from tests.e2e.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def stack(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    stack = make_stack(CASEBOOK_RUN_SECONDS="5")
    stack.start()
    yield stack
    assert stack.stop() == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("while True: pass", "5 seconds", id="loops"),
        pytest.param("big = bytearray(10 * 1024**3)", "memory", id="allocates 10 GB"),
        pytest.param(
            "import os\nwhile 1:\n    try: os.fork()\n    except OSError: pass",
            "seconds",
            id="forks",
        ),
        pytest.param("import os; os._exit(1)", "ended by itself", id="kills its kernel"),
    ],
)
def test_a_hostile_cell_ends_with_a_message_and_the_neighbour_goes_on(
    source: str,
    message: str,
    browser: Browser,
    page: Page,
    open_activity: Callable[[Page, str], Workspace],
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    other = browser.new_page()
    neighbour = open_activity(other, "Ben Okafor")

    workspace.write("look", source)
    workspace.run("look")
    neighbour.write("look", "print(6 * 7)")
    neighbour.run("look")
    neighbour.shows("output-look", "42", seconds=20)
    workspace.shows("cell-look", message, seconds=40)

    workspace.write("look", "print('alive', 6 * 9)")
    workspace.run("look")
    workspace.shows("output-look", "alive 54", seconds=30)
    other.close()


def test_a_flood_of_output_is_cut_and_the_kernel_goes_on(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("look", "for _ in range(1000):\n    print('x' * 100_000)")
    workspace.run("look")
    workspace.write("clean", "print('after the flood')")
    workspace.run("clean")
    workspace.shows("output-clean", "after the flood", seconds=40)
    assert len(workspace.output("look").inner_text()) < 2_000_000
