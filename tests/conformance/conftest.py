"""The running tool over HTTP, a platform that it knows, and browsers that go between the two."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from werkzeug.serving import make_server

from config.database import Database
from config.settings import Settings
from lti_tool.app import create_app
from lti_tool.extensions import db
from lti_tool.models import PlatformFamily
from tests.conformance.launching import Browser
from tests.conformance.working import Worker
from tests.fakes.canvas import Canvas
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import add_case, register
from tests.lti_tool.site import FakeAttendant, build_front_end

FAMILIES = {Moodle: PlatformFamily.MOODLE, Canvas: PlatformFamily.CANVAS}


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """A platform that keeps to the specification, or of the class that the test names."""
    kind: type[Platform] = getattr(request, "param", Platform)
    with serve(kind()) as running:
        yield running


@pytest.fixture
def tool(
    settings: Settings, database_url: str, database: Database, platform: Platform, tmp_path: Path
) -> Iterator[str]:
    """Origin of the tool, with the platform registered and one case ready."""
    with database.transaction() as session:
        registration = register(session, platform)
        registration.platform = FAMILIES.get(type(platform), PlatformFamily.GENERIC)
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
    platform.tool_key_set = lambda: _key_set(settings.public_url)
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
def worker(settings: Settings, database: Database, database_url: str, tool: str) -> Worker:
    """The tool's worker, which shares the database and the keys with what is at `tool`."""
    assert tool == settings.public_url
    return Worker(settings, database, database_url)


def _key_set(tool: str) -> Mapping[str, Any]:
    """Return the tool's public keys, as a platform gets them."""
    keys: dict[str, Any] = httpx.get(f"{tool}/lti/jwks", timeout=10, trust_env=False).json()
    return keys


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()
