"""What every caller of a runner shares: paths, patience, and errors from answers."""

import asyncio
import ssl
import time
from typing import Any

import httpx

from config.errors import CertificateError
from notebooks.errors import KernelError
from notebooks.kernels.errors import (
    KernelBusyError,
    KernelMissingError,
    RunnerFullError,
    RunnerRefusedError,
    RunnerUnreachableError,
    RunUnknownError,
)

PATIENCE_SECONDS = 12.0
"""How long a runner that cannot be reached is tried again: a restart takes two, or more under load,
and a page shall be told of its end within fifteen."""

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

UNREACHABLE = (httpx.TransportError, ssl.SSLError, CertificateError)
"""What it looks like when a runner is not there, or refuses our certificate.

A refusal comes after the handshake in TLS 1.3, where httpx does not translate it.
"""

ERROR_CODES: dict[str, type[KernelError]] = {
    "missing": KernelMissingError,
    "busy": KernelBusyError,
    "full": RunnerFullError,
    "unknown_run": RunUnknownError,
}
"""Words by which errors cross the API."""


class Patience:
    """Pauses between tries, and an end to them."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin anew: the runner was reached. Time counts from the first failure on."""
        self._deadline: float | None = None
        self._pause = _FIRST_PAUSE_SECONDS

    async def wait(self, error: Exception | None) -> None:
        """Pause before the next try; raises RunnerUnreachableError when it was the last."""
        if self._deadline is None:
            self._deadline = time.monotonic() + PATIENCE_SECONDS
        if time.monotonic() + self._pause > self._deadline:
            said = str(error) or type(error).__name__
            raise RunnerUnreachableError(f"the runner cannot be reached: {said}") from error
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)


def kernel_path(attempt_id: str) -> str:
    """Return the path of an attempt's kernel."""
    return f"/casebook/kernels/{attempt_id}"


def raise_for(reply: httpx.Response) -> None:
    """Raise the error that an answer stands for; return if it stands for none."""
    if not reply.is_error:
        return
    body = _body(reply)
    message = str(body.get("error", reply.reason_phrase))
    kind = ERROR_CODES.get(str(body.get("code", "")))
    if kind is not None:
        raise kind(message)
    raise RunnerRefusedError(reply.status_code, message)


def _body(reply: httpx.Response) -> dict[str, Any]:
    try:
        body: Any = reply.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
