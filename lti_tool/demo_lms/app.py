"""The demo LMS as a Flask application: `gunicorn "lti_tool.demo_lms.app:create_app()"`."""

from datetime import datetime
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from config.settings import Settings
from lti_tool.demo_lms import guards
from lti_tool.demo_lms.activities import EXAMPLES, read_activities
from lti_tool.demo_lms.course import COURSE, PEOPLE
from lti_tool.demo_lms.errors import ServiceError
from lti_tool.demo_lms.platform import EXTENSION, assemble
from lti_tool.demo_lms.views import (
    choices,
    line_items,
    memberships,
    oidc,
    pages,
    results,
    token,
    tools,
)

_MAX_BODY_BYTES = 256 * 1024


def create_app(settings: Settings | None = None, *, examples: Path = EXAMPLES) -> Flask:
    """Return the platform with one activity per case folder in `examples`.

    Raises:
        NotADemoError: the settings are not those of a demo on this machine.
    """
    settings = settings or Settings()
    guards.refuse_outside_demo(settings)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    app.jinja_env.filters["clock"] = _clock
    app.jinja_env.globals.update(course=COURSE, people=PEOPLE)
    app.extensions[EXTENSION] = platform = assemble(settings, read_activities(examples))
    guards.install(app, platform)
    for room in (pages, choices, oidc, token, line_items, memberships, results, tools):
        app.register_blueprint(room.blueprint)
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _service_error(error: ServiceError) -> Response:
    response = jsonify(error=error.error, error_description=str(error))
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _http_error(error: HTTPException) -> BaseResponse | tuple[str, int]:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are raised too
        return error.get_response()
    if request.path.startswith(("/lti/services/", "/lti/token", "/lti/register")):
        return _service_error(ServiceError(error.code, error.description or error.name))
    page = render_template("error.html", name=error.name, description=error.description)
    return page, error.code


def _clock(moment: datetime) -> str:
    """Return a moment in this machine's time zone, which is the reader's too."""
    local = moment.astimezone()
    return f"{local.day} {local:%b %Y, %H:%M:%S}"
