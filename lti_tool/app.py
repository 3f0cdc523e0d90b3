"""The application factory: settings and collaborators in, a wired Flask application out."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import templates
from config.database import driver_url, engine_options
from config.errors import DatabaseUnavailableError
from config.settings import Settings
from lti_tool import security
from lti_tool.assets import Assets
from lti_tool.extensions import db, migrate
from lti_tool.launch.arrivals import DIALOG_SECONDS
from lti_tool.sessions.secrets import session_secret
from lti_tool.sessions.tokens import Purpose, Tokens
from lti_tool.views import (
    configuration,
    deep_link,
    errors,
    events,
    health,
    home,
    jwks,
    launch,
    login,
    register,
    static,
    work,
    workspace,
)
from lti_tool.views.api import attempts, dates, kernel, session, standing
from lti_tool.wiring import EXTENSION, Wiring
from lti_tool.workspace.kernel import Attendant
from lti_tool.workspace.live import LiveJournal
from lti_tool.workspace.streams import StreamSlots
from notebooks.journal.tailer import Tailer
from notebooks.kernels.client import RunnerAttendant

ROOT = Path(__file__).parent
BLUEPRINTS = (
    login.blueprint,
    launch.blueprint,
    deep_link.blueprint,
    jwks.blueprint,
    configuration.blueprint,
    register.blueprint,
    workspace.blueprint,
    work.blueprint,
    attempts.blueprint,
    kernel.blueprint,
    events.blueprint,
    session.blueprint,
    standing.blueprint,
    dates.blueprint,
    health.blueprint,
    home.blueprint,
    static.blueprint,
)


def create_app(
    settings: Settings | None = None,
    *,
    attendant: Attendant | None = None,
    static_folder: Path = ROOT / "static",
) -> Flask:
    """Return the web application; it connects to nothing before its first request.

    `settings` are read from the environment when absent; the rest is for tests. Raises
    DatabaseUnavailableError without a database URL.
    """
    settings = settings or Settings()
    url = _database_url(settings)
    app = Flask(
        __name__,
        static_folder=None,
        template_folder=str(Path(templates.__file__).parent),
    )
    app.config.update(
        SQLALCHEMY_DATABASE_URI=driver_url(url),
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(
            pool_size=settings.database_pool_size,
            connect_seconds=settings.database_connect_seconds,
        ),
        MAX_CONTENT_LENGTH=settings.upload_bytes,
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT.parent / "migrations"))
    app.extensions[EXTENSION] = _wire(settings, url, attendant, static_folder)
    security.init_app(app)
    errors.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    if settings.public_url.startswith("https://"):
        # Only the client's address and scheme: our own origin is `public_url`, never a header.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    return app


def _database_url(settings: Settings) -> str:
    if settings.database_url is None:
        raise DatabaseUnavailableError(
            "DATABASE_URL is not set. Start everything with `./run`, which brings its own"
            " database, or set it to a postgresql:// URL."
        )
    return settings.database_url.get_secret_value()


def _wire(settings: Settings, url: str, attendant: Attendant | None, static_folder: Path) -> Wiring:
    lifetimes = {
        Purpose.BEARER: settings.token_seconds,
        Purpose.COOKIE: settings.session_seconds,
        Purpose.DIALOG: DIALOG_SECONDS,
    }
    return Wiring(
        settings=settings,
        tokens=Tokens(session_secret(settings.keys_dir), lifetimes),
        live=LiveJournal(lambda: Tailer(url)),
        slots=StreamSlots(settings.stream_limit),
        attendant=attendant or RunnerAttendant(settings.certificates_dir / "web"),
        assets=Assets(static_folder / "dist"),
        static_folder=static_folder,
    )
