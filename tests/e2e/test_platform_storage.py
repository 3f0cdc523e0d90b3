"""Our script for the platform's storage, in a frame among pages that answer rightly or wrongly."""

from pathlib import Path

import pytest
from playwright.sync_api import Frame, Page, Route

import lti_tool

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]

SCRIPT = Path(lti_tool.__file__).parent / "static" / "js" / "platform_storage.js"
LMS, TOOL, STRANGER = "http://lms.localhost", "http://tool.localhost", "http://stranger.localhost"

LMS_PAGE = f"""<!doctype html>
<iframe name="tool" src="{TOOL}/"></iframe>
<iframe name="storage" src="{LMS}/storage"></iframe>
<iframe name="stranger" src="{STRANGER}/"></iframe>
<script>
  window.heard = [];
  window.answer = (data) => ({{ ...data, subject: data.subject + ".response", value: "kept" }});
  window.addEventListener("message", ({{ data, source, origin }}) => {{
    window.heard.push(data);
    const answer = window.answer(data);
    if (answer) source.postMessage(answer, origin);
  }});
</script>"""
STORAGE_PAGE = """<!doctype html><script>
  window.addEventListener("message", ({ data, source, origin }) =>
    source.postMessage({ ...data, subject: data.subject + ".response", value: "beside" }, origin));
</script>"""
STRANGER_PAGE = """<!doctype html><script>
  window.addEventListener("message", ({ data }) =>
    parent.frames.tool.postMessage({ ...data, subject: data.subject + ".response" }, "*"));
</script>"""
PAGES = {
    f"{LMS}/": LMS_PAGE,
    f"{LMS}/storage": STORAGE_PAGE,
    f"{STRANGER}/": STRANGER_PAGE,
    f"{TOOL}/": "<!doctype html><title>Tool</title>",
}


def _serve(route: Route) -> None:
    if route.request.url == f"{TOOL}/platform_storage.js":
        script = SCRIPT.read_text(encoding="utf-8")
        return route.fulfill(content_type="text/javascript", body=script)
    return route.fulfill(content_type="text/html", body=PAGES[route.request.url])


@pytest.fixture
def tool(page: Page) -> Frame:
    """The tool's frame in the platform's page."""
    page.route("**/*", _serve)
    page.goto(f"{LMS}/")
    frame = page.frame("tool")
    assert frame is not None
    return frame


def _put(tool: Frame, target: str = "_parent", origin: str = LMS) -> object:
    return tool.evaluate(
        """async (storage) => {
            const { put } = await import("/platform_storage.js");
            return put(storage, "name", "secret");
        }""",
        {"target": target, "origin": origin},
    )


def _get(tool: Frame, target: str = "_parent", origin: str = LMS) -> object:
    return tool.evaluate(
        """async (storage) => {
            const { get } = await import("/platform_storage.js");
            return get(storage, "name");
        }""",
        {"target": target, "origin": origin},
    )


def test_the_platforms_page_keeps_a_secret_and_gives_it_back(page: Page, tool: Frame) -> None:
    assert _put(tool) is True
    assert _get(tool) == "kept"
    put, get = page.evaluate("window.heard")
    assert (put["subject"], put["key"], put["value"]) == ("lti.put_data", "name", "secret")
    assert (get["subject"], get["key"]) == ("lti.get_data", "name")
    assert put["message_id"] != get["message_id"]


def test_a_frame_beside_ours_may_keep_it(page: Page, tool: Frame) -> None:
    assert _put(tool, "storage") is True
    assert _get(tool, "storage") == "beside"
    assert page.evaluate("window.heard") == []


@pytest.mark.parametrize(
    "answer",
    [
        "{ ...data, subject: 'lti.put_data.response', message_id: 'another' }",
        "{ ...data, subject: 'lti.put_data.response', key: 'another' }",
        "{ ...data, subject: 'lti.put_data.response', error: { code: 'storage_exhaustion' } }",
        "{ ...data, subject: 'lti.get_data.response' }",
        "'nonsense'",
        "null",
    ],
    ids=["another message", "another key", "an error", "another question", "nonsense", "silence"],
)
def test_an_answer_that_is_not_the_right_one_does_not_count(
    page: Page, tool: Frame, answer: str
) -> None:
    page.evaluate(f"window.answer = (data) => ({answer})")
    assert _put(tool) is False


def test_a_value_that_is_no_text_is_none(page: Page, tool: Frame) -> None:
    page.evaluate(
        "window.answer = (data) => ({ ...data, subject: 'lti.get_data.response', value: null })"
    )
    assert _get(tool) == ""


def test_a_page_of_another_origin_never_sees_the_secret(page: Page, tool: Frame) -> None:
    assert _put(tool, origin="http://elsewhere.localhost") is False
    assert page.evaluate("window.heard") == []


def test_a_strangers_answer_does_not_count_though_it_knows_the_message(
    page: Page, tool: Frame
) -> None:
    page.evaluate("window.answer = (data) => void frames.stranger.postMessage(data, '*')")
    assert _put(tool) is False


def test_a_frame_that_is_not_there_keeps_nothing(tool: Frame) -> None:
    assert _put(tool, "nowhere") is False
