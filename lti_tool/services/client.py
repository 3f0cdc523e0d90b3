"""Authorised requests to platforms' services."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.models import Registration
from lti_tool.services.errors import PlatformBusyError, PlatformRefusedError
from lti_tool.services.http import Answer, PlatformHttp
from lti_tool.services.tokens import Token, TokenSource

UNAUTHORIZED = 401
CONFLICT = 409
"""A question that meets a conflict was asked at a bad moment; it is no refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One request to a service."""

    method: str
    url: str
    scope: str
    """What the token has to be good for."""
    media_type: str
    """Of the body if there is one, else of the answer that is wanted."""
    body: Mapping[str, object] | None = None


class ServiceClient:
    """Sends requests with a token for what they need, and no more; safe to share."""

    def __init__(
        self, http: PlatformHttp, tokens: TokenSource, *, deadline: float = math.inf
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._deadline = deadline

    def until(self, deadline: float) -> "ServiceClient":
        """Return a client that asks nothing after this moment of the monotonic clock."""
        return ServiceClient(self._http, self._tokens, deadline=deadline)

    def send(self, registration: Registration, request: ServiceRequest) -> Answer:
        """Return the platform's answer, whatever its status.

        A 401 is tried again once, with a new token.
        Raises PlatformRefusedError if the platform grants no such scope, PlatformUnreachableError
        if it does not answer, and what `TokenSource.token` raises.
        """
        token = self._token(registration, request.scope)
        answer = self._send(request, token)
        if answer.status == UNAUTHORIZED:
            token = self._token(registration, request.scope, refused=token)
            answer = self._send(request, token)
        return answer

    def _token(
        self, registration: Registration, scope: str, *, refused: Token | None = None
    ) -> Token:
        token = self._tokens.token(registration, [scope], refused=refused, deadline=self._deadline)
        if scope not in token.granted:
            raise PlatformRefusedError(
                f"The platform does not grant {scope}.",
                remedy="Ask the administrator to let the tool use the grade services.",
            )
        return token

    def _send(self, request: ServiceRequest, token: Token) -> Answer:
        headers = {"Authorization": f"Bearer {token.value}", "Accept": request.media_type}
        if request.body is None:
            return self._http.send(
                request.method, request.url, headers=headers, deadline=self._deadline
            )
        headers["Content-Type"] = request.media_type
        content = json.dumps(request.body).encode()
        return self._http.send(
            request.method, request.url, headers=headers, content=content, deadline=self._deadline
        )


def read_json(answer: Answer, what: str) -> Any:  # noqa: ANN401 - JSON of a platform, to be parsed
    """Return the JSON of a good answer.

    Raises PlatformBusyError or PlatformRefusedError, which name `what` was asked for.
    """
    if answer.busy or answer.status == CONFLICT:
        raise PlatformBusyError(
            f"{what}: the platform answered {answer.status}",
            after_seconds=answer.retry_after_seconds,
            throttled=answer.throttled,
        )
    remedy = "Ask the administrator whether the tool may use the grade services."
    if not answer.ok:
        raise PlatformRefusedError(
            f"{what}: the platform answered {answer.status}.", remedy=remedy, status=answer.status
        )
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise PlatformRefusedError(f"{what}: the answer is not JSON.", remedy=remedy) from error
