"""The running tool over HTTP, a platform that it knows, and browsers that go between the two."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from werkzeug.serving import make_server

from config.database import Database
from config.settings import Settings
from lti_tool.app import create_app
from lti_tool.extensions import db
from tests.conformance.launching import Browser
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import add_case, register
from tests.lti_tool.site import FakeAttendant, build_front_end


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(Platform()) as running:
        yield running


@pytest.fixture
def tool(
    settings: Settings, database_url: str, database: Database, platform: Platform, tmp_path: Path
) -> Iterator[str]:
    """Origin of the tool, with the platform registered and one case ready."""
    with database.transaction() as session:
        register(session, platform)
        add_case(session)
    served = settings.model_copy(
        update={"database_url": SecretStr(database_url), "database_pool_size": 4}
    )
    app = create_app(
        served, attendant=FakeAttendant(), static_folder=build_front_end(tmp_path / "static")
    )
    server = make_server("127.0.0.1", settings.tool_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield settings.public_url
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def open_browser(tool: str, platform: Platform) -> Iterator[Callable[[], Browser]]:
    """Open browsers that share nothing."""
    opened: list[Browser] = []

    def make() -> Browser:
        opened.append(Browser(tool, platform))
        return opened[-1]

    yield make
    for browser in opened:
        browser.close()


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()
