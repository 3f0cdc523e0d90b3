"""From error classes to answers: one table says the status and the words for every package.

The API answers `{"error", "code"}`; everything else answers a page. What the table does not know
is our fault: it is logged under a reference that the page shows.
"""

import logging
import secrets
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import MethodNotAllowed

from lti_tool.security import frame_by
from lti_tool.views.error_table import UNEXPECTED, Rule, rule_for
from lti_tool.workspace.snapshot import document_view
from notebooks.errors import RevisionConflictError

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


def handle(error: Exception) -> Response:
    """Answer a request that ended with an error."""
    rule = rule_for(error)
    reference = _report(error, rule) if rule.logged else None
    page = ErrorPage(
        title=rule.title,
        text=rule.text if rule.text is not None else str(error),
        advice=rule.advice,
        code=rule.code,
        status=rule.status,
        reference=reference,
    )
    response = _as_json(page, error) if request.path.startswith("/api/") else _as_page(page)
    response.status_code = page.status
    if rule.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(rule.retry_after_seconds)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def _as_json(page: ErrorPage, error: Exception) -> Response:
    body: dict[str, Any] = {"error": f"{page.text} {page.advice}".strip(), "code": page.code}
    if page.reference is not None:
        body["reference"] = page.reference
    if isinstance(error, RevisionConflictError):
        body["document"] = document_view(error.current).model_dump(mode="json")
    return jsonify(body)


def _as_page(page: ErrorPage) -> Response:
    frame_by("*")  # inert: no form, nobody's data; any platform has to be able to show it
    return make_response(render_template("error.html", page=page))


def _report(error: Exception, rule: Rule) -> str:
    """Log an error for operators and return the reference under which they find it."""
    reference = secrets.token_hex(4)
    ours = rule.status >= UNEXPECTED.status
    _log.log(
        logging.ERROR if ours else logging.WARNING,
        "request failed",
        reference=reference,
        method=request.method,
        path=request.path,
        code=rule.code,
        reason=str(error),
        exc_info=error if ours else None,
    )
    return reference


def init_app(app: Flask) -> None:
    """Answer every error of the application by the table."""
    app.register_error_handler(Exception, handle)
