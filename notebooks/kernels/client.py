"""Calling a runner: asynchronously for the worker, synchronously and briefly for web.

Every call may be repeated (runs and replays are named by their caller), so a lost connection or a
runner that restarts is waited out, up to a limit.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import httpx
from pydantic import ValidationError

from config.tls import ClientContexts
from notebooks.kernels.attendant import RunnerAttendant
from notebooks.kernels.calls import PATIENCE_SECONDS, UNREACHABLE, Patience, kernel_path, raise_for
from notebooks.kernels.errors import KernelMissingError, RunUnknownError
from notebooks.kernels.records import (
    Acknowledgement,
    Finished,
    KernelChanges,
    KernelSpec,
    KernelStatus,
    Record,
    ReplayRequest,
    ReplayResult,
    RunEvent,
    RunRequest,
)
from notebooks.kernels.runner.changes import WAIT_SECONDS
from notebooks.kernels.runner.events import HEARTBEAT_SECONDS

__all__ = ["RemoteReplayer", "RunnerAttendant", "RunnerClient"]

_REPLAY_QUEUE_SECONDS = 600.0
_KEPT_CLIENTS = 4


class RunnerClient:
    """The worker's way to runners. Use it in one event loop, and `aclose` it."""

    def __init__(self, certificates: Path, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Call with the certificates in a role's folder, such as `…/certificates/worker`."""
        self._contexts = ClientContexts(certificates)
        self._timeout = timeout_seconds
        self._clients: list[tuple[object, httpx.AsyncClient]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        clients, self._clients = self._clients, []
        for _, client in clients:
            await client.aclose()

    def at(self, url: str) -> "RemoteReplayer":
        """Return a replayer that uses this runner."""
        return RemoteReplayer(self, url)

    async def ensure_kernel(self, url: str, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        """Start or join the attempt's kernel; it may still be starting.

        Raises:
            RunnerFullError: There is no room at the moment.
            KernelError: The runner cannot be reached or refuses.
        """
        reply = await self._send("PUT", f"{url}{kernel_path(attempt_id)}", spec)
        return KernelStatus.model_validate_json(reply.content)

    async def start_run(self, url: str, attempt_id: str, request: RunRequest) -> None:
        """Execute a cell; the same run id again executes nothing.

        Raises:
            KernelMissingError: The attempt has no living kernel.
            KernelBusyError: Another run executes.
            KernelError: The runner cannot be reached or refuses.
        """
        await self._send("POST", f"{url}{kernel_path(attempt_id)}/runs", request)

    async def events(
        self, url: str, attempt_id: str, run_id: str, after: int = 0
    ) -> AsyncIterator[RunEvent]:
        """Yield a run's events after a number, live, until `Finished`; reconnects by itself.

        Raises:
            RunUnknownError: The runner does not know the run (any more).
            KernelError: The runner cannot be reached or refuses.
        """
        patience = Patience()
        while True:
            try:
                async for event in self._stream(url, attempt_id, run_id, after):
                    patience.renew()
                    if event is None or event.number <= after:
                        continue
                    after = event.number
                    yield event
                    if isinstance(event.body, Finished):
                        return
            except (*UNREACHABLE, ValidationError) as error:
                await patience.wait(error)
            else:
                raise RunUnknownError("The run's last events were acknowledged before.")

    async def _stream(
        self, url: str, attempt_id: str, run_id: str, after: int
    ) -> AsyncIterator[RunEvent | None]:
        address = f"{url}{kernel_path(attempt_id)}/runs/{run_id}/events"
        timeout = httpx.Timeout(self._timeout, read=3 * HEARTBEAT_SECONDS)
        client = await self._client()
        async with client.stream("GET", address, params={"after": after}, timeout=timeout) as reply:
            if reply.is_error:
                await reply.aread()
                raise_for(reply)
            async for line in reply.aiter_lines():
                yield RunEvent.model_validate_json(line) if line.strip() else None

    async def acknowledge(self, url: str, attempt_id: str, run_id: str, through: int) -> None:
        """Let the runner forget events up to a number; they are stored elsewhere."""
        address = f"{url}{kernel_path(attempt_id)}/runs/{run_id}/ack"
        await self._send("POST", address, Acknowledgement(through=through))

    async def stop(self, url: str, attempt_id: str) -> None:
        """Interrupt what the attempt's kernel runs."""
        await self._send("POST", f"{url}{kernel_path(attempt_id)}/stop", None)

    async def status(self, url: str, attempt_id: str) -> KernelStatus | None:
        """Return how the attempt's kernel is, None if there is none."""
        try:
            reply = await self._send("GET", f"{url}{kernel_path(attempt_id)}", None)
        except KernelMissingError:
            return None
        return KernelStatus.model_validate_json(reply.content)

    async def changes(self, url: str, epoch: str, after: int) -> KernelChanges:
        """Return which kernels ended after a number; waits up to `WAIT_SECONDS` for the first.

        Raises:
            KernelError: The runner cannot be reached or refuses.
        """
        address = f"{url}/casebook/changes?epoch={epoch}&after={after}"
        reply = await self._send("GET", address, None, WAIT_SECONDS + self._timeout)
        return KernelChanges.model_validate_json(reply.content)

    async def kill(self, url: str, attempt_id: str) -> None:
        """End the attempt's kernel, if there is one."""
        await self._send("DELETE", f"{url}{kernel_path(attempt_id)}", None)

    async def replay(self, url: str, request: ReplayRequest) -> ReplayResult:
        """Replay in a fresh sandbox and wait for the result; a lost answer is asked for again.

        Raises:
            KernelError: The runner cannot be reached, or could not start the replay.
        """
        seconds = request.wall_seconds + _REPLAY_QUEUE_SECONDS
        reply = await self._send("POST", f"{url}/casebook/replays", request, read_seconds=seconds)
        return ReplayResult.model_validate_json(reply.content)

    async def health(self, url: str) -> bool:
        """Return whether the runner answers, without trying again."""
        try:
            client = await self._client()
            reply = await client.get(f"{url}/casebook/health")
        except UNREACHABLE:
            return False
        return reply.is_success

    async def _send(
        self, method: str, address: str, record: Record | None, read_seconds: float | None = None
    ) -> httpx.Response:
        timeout = httpx.Timeout(self._timeout, read=read_seconds or self._timeout)
        content = b"{}" if record is None else record.model_dump_json().encode()
        patience = Patience()
        while True:
            try:
                client = await self._client()
                reply = await client.request(method, address, content=content, timeout=timeout)
            except UNREACHABLE as error:
                await patience.wait(error)
                continue
            raise_for(reply)
            return reply

    async def _client(self) -> httpx.AsyncClient:
        context = self._contexts.get()
        if not self._clients or self._clients[-1][0] is not context:
            # Streams of the old one go on over the connections they have.
            self._clients.append((context, httpx.AsyncClient(verify=context, trust_env=False)))
            while len(self._clients) > _KEPT_CLIENTS:
                _, oldest = self._clients.pop(0)
                await oldest.aclose()
        return self._clients[-1][1]


class RemoteReplayer:
    """Replays on one runner."""

    def __init__(self, client: RunnerClient, url: str) -> None:
        self._client = client
        self._url = url

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Replay there; raises KernelError if the runner cannot be reached."""
        return await self._client.replay(self._url, request)
