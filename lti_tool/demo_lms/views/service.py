"""What the service endpoints share: scope, media types, the course in the path."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from lti_tool.demo_lms import tokens
from lti_tool.demo_lms.course import Course, course_by_id
from lti_tool.demo_lms.errors import ServiceError
from lti_tool.demo_lms.platform import current_platform


def require_scope(*any_of: str) -> None:
    """Let a bearer token with one of these scopes pass, or raise BearerError."""
    header = request.headers.get("Authorization")
    with current_platform().store.reading() as connection:
        tokens.authorize(connection, header, frozenset(any_of))


def require_course(course_id: str) -> Course:
    """Return the course in the path, or raise 404."""
    with current_platform().store.reading() as connection:
        found = course_by_id(connection, course_id)
    if found is None:
        raise ServiceError(404, f"There is no course {course_id}")
    return found


def require_body_type(media_type: str) -> bytes:
    """Return the body, or raise 415 unless its media type is exactly this one."""
    if request.mimetype != media_type:
        raise ServiceError(415, f"Content-Type must be {media_type}")
    return request.get_data()


def require_accept(media_type: str) -> None:
    """Raise 406 unless the tool names this media type; a wildcard will not do (nor at Moodle)."""
    named = {value.partition(";")[0].strip() for value, _ in request.accept_mimetypes}
    if media_type not in named:
        raise ServiceError(406, f"Accept must name {media_type}")


def answer(
    body: Any,  # noqa: ANN401 - any JSON
    media_type: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return JSON under the given media type."""
    return Response(
        json.dumps(body, ensure_ascii=False), status, dict(headers or {}), content_type=media_type
    )
