"""A bare Flask application with the LTI views, on a real database, and a real platform."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

import templates
from config.database import Database
from config.settings import Settings
from lti_tool import security
from lti_tool.launch.errors import LaunchRefusedError
from lti_tool.launch.service import LaunchKit
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets
from lti_tool.services.keys import KeyStore
from lti_tool.views import jwks, launch, login, static
from lti_tool.wiring import LAUNCH_EXTENSION
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import Launch, add_case, register


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(Platform()) as running:
        yield running


@pytest.fixture
def app(settings: Settings, database: Database, platform: Platform, http: PlatformHttp) -> Flask:
    with database.transaction() as session:
        register(session, platform)
        add_case(session)
    made = Flask("launches", template_folder=str(Path(templates.__file__).parent))
    security.init_app(made)
    for view in (login, launch, jwks, static):
        made.register_blueprint(view.blueprint)

    @made.errorhandler(LaunchRefusedError)
    def refused(error: LaunchRefusedError) -> tuple[str, int]:
        return f"{error.code}: {error.sentence}", error.status

    made.extensions[LAUNCH_EXTENSION] = LaunchKit(
        settings=settings,
        transaction=database.transaction,
        key_sets=KeySets(http),
        key_store=KeyStore(settings.keys_dir),
    )
    return made


@pytest.fixture
def browser(app: Flask, platform: Platform, settings: Settings) -> Launch:
    """A browser that has not logged in."""
    return Launch(app.test_client(), platform, f"{settings.public_url}/lti/launch")


@pytest.fixture
def begin(app: Flask, platform: Platform, settings: Settings) -> Callable[[], Launch]:
    """Begin a launch in a browser of its own."""

    def make() -> Launch:
        client = app.test_client()
        return Launch(client, platform, f"{settings.public_url}/lti/launch").begin()

    return make


@pytest.fixture
def opening(begin: Callable[[], Launch]) -> Launch:
    """A launch that has logged in."""
    return begin()
