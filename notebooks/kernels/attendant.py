"""Web's way to runners: short, synchronous calls."""

from pathlib import Path

import httpx

from config.tls import ClientContexts
from notebooks.kernels.calls import UNREACHABLE, kernel_path, raise_for
from notebooks.kernels.errors import KernelMissingError, RunnerUnreachableError
from notebooks.kernels.records import (
    CodePosition,
    Completion,
    Inspection,
    KernelStatus,
    Record,
    Variables,
)

STOP_SECONDS = 2.0
ATTEND_SECONDS = 0.3


class RunnerAttendant:
    """Web's way to runners: short, synchronous calls that are never repeated. Thread-safe."""

    def __init__(self, certificates: Path) -> None:
        """Call with the certificates in a role's folder, such as `…/certificates/web`."""
        self._contexts = ClientContexts(certificates)
        self._client: tuple[object, httpx.Client] | None = None

    def stop(self, url: str, attempt_id: str) -> None:
        """Interrupt what the attempt's kernel runs; waits two seconds at most.

        Raises:
            KernelError: The runner cannot be reached or refuses.
        """
        self._send("POST", f"{url}{kernel_path(attempt_id)}/stop", None, STOP_SECONDS)

    def restart(self, url: str, attempt_id: str) -> None:
        """Replace the attempt's kernel by a new one; waits two seconds at most.

        Raises:
            KernelMissingError: There is none.
            KernelError: The runner cannot be reached or refuses.
        """
        self._send("POST", f"{url}{kernel_path(attempt_id)}/restart", None, STOP_SECONDS)

    def status(self, url: str, attempt_id: str) -> KernelStatus | None:
        """Return how the attempt's kernel is, None if there is none."""
        try:
            reply = self._send("GET", f"{url}{kernel_path(attempt_id)}", None, ATTEND_SECONDS)
        except KernelMissingError:
            return None
        return KernelStatus.model_validate_json(reply.content)

    def complete(self, url: str, attempt_id: str, place: CodePosition) -> Completion:
        """Return what could be written at a position; raises KernelError after 300 ms."""
        address = f"{url}{kernel_path(attempt_id)}/complete"
        return Completion.model_validate_json(self._attend(address, place))

    def inspect(self, url: str, attempt_id: str, place: CodePosition) -> Inspection:
        """Return what is known about a name; raises KernelError after 300 ms."""
        address = f"{url}{kernel_path(attempt_id)}/inspect"
        return Inspection.model_validate_json(self._attend(address, place))

    def variables(self, url: str, attempt_id: str) -> Variables:
        """Return the newest variables; raises KernelError after 300 ms."""
        address = f"{url}{kernel_path(attempt_id)}/variables"
        return Variables.model_validate_json(
            self._send("GET", address, None, ATTEND_SECONDS).content
        )

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client[1].close()
            self._client = None

    def _attend(self, address: str, place: CodePosition) -> bytes:
        return self._send("POST", address, place, ATTEND_SECONDS).content

    def _send(
        self, method: str, address: str, record: Record | None, seconds: float
    ) -> httpx.Response:
        content = b"{}" if record is None else record.model_dump_json().encode()
        try:
            context = self._contexts.get()
            known = self._client
            if known is None or known[0] is not context:
                # An old one is closed when the last thread that uses it lets go.
                known = (context, httpx.Client(verify=context, trust_env=False))
                self._client = known
            reply = known[1].request(method, address, content=content, timeout=seconds)
        except UNREACHABLE as error:
            raise RunnerUnreachableError(f"the runner cannot be reached: {error}") from error
        raise_for(reply)
        return reply
