"""A solved notebook that is dropped into a platform's dialog becomes an activity of its course."""

import time
from collections.abc import Iterator

import httpx
import pytest

from config.database import Database, connect
from config.postgres import EmbeddedPostgres
from config.settings import Settings
from tests.conformance.choosing import ITEMS, Dialog, Form, Returned, choose_in, launch_item
from tests.conformance.launching import Browser
from tests.e2e.stack import Stack
from tests.fakes.platform import Platform, serve
from tests.lti_tool.dialogs import SOLVED
from tests.lti_tool.factories import register

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(240)]

BUILD_SECONDS = 120


@pytest.fixture
def browser(stack: Stack) -> Iterator[Browser]:
    """A browser between the running tool and a platform that it knows."""
    settings = Settings(state_dir=stack.state, port=stack.port)
    tool = settings.public_url
    engine = connect(EmbeddedPostgres(settings).url("casebook"))
    with serve(Platform(lambda: httpx.get(f"{tool}/lti/jwks").json())) as platform:
        with Database(engine).transaction() as session:
            register(session, platform)
        browser = Browser(tool, platform)
        yield browser
        browser.close()
    engine.dispose()


def test_an_uploaded_notebook_is_built_chosen_and_opened(browser: Browser) -> None:
    dialog = choose_in(browser)
    fields = {**dialog.form.fields, "action": "upload"}
    page = browser.post(dialog.form.action, fields, ("squares.ipynb", SOLVED))
    deadline = time.monotonic() + BUILD_SECONDS
    while "waiting" in (form := Form(page.text)).fields:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.3)
        page = browser.post(form.action, {**form.fields, "action": "look"})
    sent = Returned.from_page(Dialog(browser, page).press("add"))
    [item] = sent.verify(browser.platform)[ITEMS]
    assert item["title"] == "Squares"
    opened = browser.follow(launch_item(browser, item))
    assert opened.status_code == 200
    assert "Squares" in opened.text
