"""Reading a request: who asks, and what the body says, as frozen records."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from flask import Response, request
from pydantic import BaseModel, ConfigDict, ValidationError

from lti_tool.errors import (
    BadRequestError,
    ForbiddenError,
    ReadOnlyError,
    SessionExpiredError,
)
from lti_tool.extensions import transaction
from lti_tool.sessions.principal import Principal, authorise
from lti_tool.sessions.tokens import Purpose
from lti_tool.wiring import wiring

BODY_BYTES = 8 * 1024 * 1024
"""The largest body that the JSON API reads: all cells of a document, with room."""

Answer = TypeVar("Answer")
Model = TypeVar("Model", bound="Body")
Rest = ParamSpec("Rest")


Json = dict[str, Any]
"""A JSON object that a view answers with."""


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_body(model: type[Model]) -> Model:
    """Return the request's JSON body as a record.

    Raises BadRequestError, naming the field, if it does not fit.
    """
    request.max_content_length = BODY_BYTES
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadRequestError(f"{where}: {first['msg']}") from error


def current_principal() -> Principal:
    """Return who sends this request, from its bearer token, checked against the server's row.

    Raises SessionExpiredError without a valid token of a launch that still stands.
    """
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise SessionExpiredError
    session_id = wiring().tokens.read(authorization.token, Purpose.BEARER)
    with transaction() as session:
        return authorise(session, session_id)


def for_attempt(
    view: Callable[Concatenate[Principal, Rest], Answer],
) -> Callable[..., Answer]:
    """Let a view take the principal in place of the path's `attempt_id`.

    Another attempt than the session's own is refused without looking whether it exists.
    """

    @wraps(view)
    def checked(attempt_id: UUID, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
        principal = current_principal()
        if principal.attempt_id != attempt_id:
            raise ForbiddenError
        return view(principal, *args, **kwargs)

    return checked


def for_work(
    view: Callable[Concatenate[Principal, Rest], Answer],
) -> Callable[..., Answer]:
    """Do what `for_attempt` does, for a view that changes something: not for those who look on."""

    @wraps(view)
    def allowed(principal: Principal, /, *args: Rest.args, **kwargs: Rest.kwargs) -> Answer:
        if not principal.role.may_work:
            raise ReadOnlyError
        return view(principal, *args, **kwargs)

    return for_attempt(allowed)


def read_after() -> int:
    """Return after which event to go on: `Last-Event-ID`, else `?after=`, else the beginning.

    Raises BadRequestError for anything but a number of an event.
    """
    text = request.headers.get("Last-Event-ID") or request.args.get("after") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > len(str(2**31)):
        raise BadRequestError("after: must be the number of an event")
    return int(text)


def answer(record: BaseModel) -> Response:
    """Return a record as a JSON response."""
    return Response(record.model_dump_json(), mimetype="application/json")
