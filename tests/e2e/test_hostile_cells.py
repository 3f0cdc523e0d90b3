"""A cell that misbehaves ends with a clear message in that cell; everyone else goes on."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

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


LONGEST_PAUSE = """async (milliseconds) => {
  let longest = 0, last = performance.now();
  const end = last + milliseconds;
  while (last < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}"""
"""How long the page was busy with itself at most."""


def test_a_flood_of_output_is_cut_and_the_page_stays_responsive(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("look", "for n in range(1000):\n    print(n, 'x' * 100_000)\nprint('the end')")
    workspace.run("look")
    expect(workspace.output("look")).to_be_visible(timeout=20_000)
    frame = page.frames[1]
    assert frame.evaluate(LONGEST_PAUSE, 3000) < 2000
    workspace.shows("output-look", "the end", seconds=40)
    workspace.shows("output-look", "were cut off")
    assert len(workspace.output("look").inner_text()) < 100_000
    workspace.write("clean", "print('after the flood')")
    workspace.run("clean")
    workspace.shows("output-clean", "after the flood", seconds=40)


def test_a_bar_that_is_written_over_shows_its_last_state_alone(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    source = "for n in range(10_000): print(f'\\r{n + 1}/10000', end='')\nprint(' done')"
    workspace.write("look", source)
    workspace.run("look")
    workspace.shows("output-look", "10000/10000 done")
    assert workspace.output("look").inner_text().strip() == "10000/10000 done"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("import urllib.request as r; r.urlopen('https://example.org')",
                     "There is no internet in a cell", id="network"),
        pytest.param("import torch", "requirements.txt", id="package"),
        pytest.param("input()", "cannot ask for input", id="input"),
    ],
)  # fmt: skip
def test_an_error_that_means_something_else_here_is_explained_below_it(
    source: str, words: str, page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("look", source)
    workspace.run("look")
    workspace.shows("output-look", words)
    note = workspace.output("look").locator(".output-note").bounding_box()
    error = workspace.output("look").locator(".terminal-error").bounding_box()
    assert note is not None
    assert error is not None
    assert note["y"] >= error["y"] + error["height"]


HOSTILE_HTML = """
from IPython.display import HTML, SVG, display
display(HTML('<div id="points" class="verdict" style="position:fixed;inset:0;z-index:9999;'
             'background:red"><form action="/x"><input name="q">'
             '<a id="l" href="javascript:top.x=1">click</a></form>'
             '<img src="https://example.org/t.gif"><b>still here</b></div>'))
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>'))
"""


def test_displayed_html_cannot_leave_its_box(
    page: Page, open_activity: Callable[[Page, str], Workspace]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    workspace = open_activity(page, "Ada Moreno")
    workspace.write("look", HOSTILE_HTML)
    workspace.run("look")
    workspace.shows("output-look", "still here")
    workspace.shows("output-look", "30000 \u00d7 30000 pixels")
    output = workspace.output("look")
    for forbidden in ("form", "input", "img", "[style]", "[id]", ".verdict", "a[href]"):
        assert output.locator(f".rich {forbidden}").count() == 0, forbidden
    assert not [url for url in asked if "example.org" in url]
