"""The web application without its database, and served over HTTP."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.serving import make_server

from config.settings import Settings
from lti_tool.app import create_app
from tests.lti_tool.site import FakeAttendant, Site


@pytest.fixture
def shell(settings: Settings, static_folder: Path) -> Flask:
    """The application alone, for what asks no database (there is none)."""
    nowhere = SecretStr("postgresql://nobody@/nothing?host=/nonexistent")
    alone = settings.model_copy(update={"database_url": nowhere})
    return create_app(alone, attendant=FakeAttendant(), static_folder=static_folder)


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve applications over real HTTP on loopback, a thread per connection."""
    running = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def url(site: Site, serve: Callable[[Flask], str]) -> str:
    """Where the site is served."""
    return serve(site.app)
