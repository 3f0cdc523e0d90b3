"""From error classes to answers: one table says the status and the words for every package.

The API answers `{"error", "code"}`; everything else answers a page. What the table does not know
is our fault: it is logged under a reference that the page shows.
"""

import secrets
from dataclasses import dataclass

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from lti_tool.security import frame_by
from lti_tool.views.error_table import UNEXPECTED, Rule, rule_for, rule_for_status

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """What `error.html` shows."""

    title: str
    text: str
    advice: str
    code: str
    status: int
    reference: str | None = None


def _answer(page: ErrorPage, rule: Rule) -> Response:
    if request.path.startswith("/api/"):
        body = {"error": f"{page.text} {page.advice}".strip(), "code": page.code}
        response = jsonify(body)
    else:
        frame_by("*")  # inert: no form, no data of anybody; an LMS must be able to show it
        response = make_response(render_template("error.html", page=page))
    response.status_code = page.status
    if rule.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(rule.retry_after_seconds)
    return response


def handle(error: Exception) -> Response:
    """Answer a request that ended with an error."""
    if isinstance(error, HTTPException):
        rule = rule_for_status(error.code or 500)
        response = _answer(_page(rule, error), rule)
        response.headers.extend(
            (name, value)
            for name, value in error.get_headers()
            if name in {"Allow", "Location", "Retry-After", "WWW-Authenticate"}
        )
        return response
    rule = rule_for(error)
    reference = None
    if rule is UNEXPECTED or rule.logged:
        reference = secrets.token_hex(4)
        _log.error(
            "request failed",
            reference=reference,
            method=request.method,
            path=request.path,
            exc_info=error,
        )
    return _answer(_page(rule, error, reference=reference), rule)


def _page(rule: Rule, error: Exception, *, reference: str | None = None) -> ErrorPage:
    return ErrorPage(
        title=rule.title,
        text=rule.text if rule.text is not None else str(error),
        advice=rule.advice,
        code=rule.code,
        status=rule.status,
        reference=reference,
    )


def init_app(app: Flask) -> None:
    """Answer every error of the application by the table."""
    app.register_error_handler(Exception, handle)
