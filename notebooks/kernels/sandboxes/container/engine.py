"""Docker's or Podman's API: the few calls we make, each in a thread and with a time limit.

Both speak the same protocol. What differs is told by `flavour`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from docker import APIClient  # type: ignore[import-untyped] # it has no types
from docker.errors import (  # type: ignore[import-untyped] # as above
    APIError,
    DockerException,
    NotFound,
)
from docker.utils import version_lt  # type: ignore[import-untyped] # as above
from requests.exceptions import RequestException

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.sandboxes.container.options import API_VERSION, RUNTIME_LABEL

_CALL_SECONDS = 60.0
_THREADS = 8
_USUAL_SOCKETS = (Path("/var/run/docker.sock"), Path("/run/podman/podman.sock"))
_WORDS_LINES = 50
_REMOVE_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
_CONFLICT = 409

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Flavour:
    """Which engine answers, and what of it matters here."""

    name: Literal["Docker", "Podman"]
    version: str
    api_version: str
    rootless: bool
    remaps_users: bool
    """Whether user ids inside are others than the host's."""
    default_runtime: str

    @property
    def too_old(self) -> bool:
        """Return whether it lacks calls that we make."""
        return bool(version_lt(self.api_version, API_VERSION))


@dataclass(frozen=True, slots=True)
class Ended:
    """How the engine describes a container that ran."""

    running: bool
    exit_code: int
    out_of_memory: bool


class Engine:
    """A client of one engine; it connects when first used, and may be used by many threads.

    Every method raises SandboxError where the engine cannot be reached or refuses.
    """

    def __init__(self, url: str | None) -> None:
        self.url = url or usual_url()
        self._client: APIClient | None = None
        self._flavour: Flavour | None = None
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="engine")

    async def do(self, work: Callable[[], _T]) -> _T:
        """Call something of this engine in a thread; what was begun is finished when cancelled."""
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait({running})
            raise

    def flavour(self) -> Flavour:
        """Return which engine it is; asked once."""
        if self._flavour is None:
            with self._speaking() as client:
                version, info = client.version(), client.info()
            names = [part.get("Name", "") for part in version.get("Components") or ()]
            options = " ".join(info.get("SecurityOptions") or ())
            podman = any("Podman" in name for name in names)
            self._flavour = Flavour(
                name="Podman" if podman else "Docker",
                version=str(version.get("Version")),
                api_version=str(version.get("ApiVersion")),
                rootless=bool(info.get("Rootless")) or "name=rootless" in options,
                remaps_users="name=userns" in options,
                default_runtime=Path(str(info.get("DefaultRuntime") or "")).name,
            )
        return self._flavour

    def has_image(self, name: str) -> bool:
        """Return whether the engine has an image of this name."""
        with self._speaking() as client:
            try:
                client.inspect_image(name)
            except NotFound:
                return False
        return True

    def create(self, options: Mapping[str, Any]) -> str:
        """Make a container and return its id."""
        with self._speaking() as client:
            made = client.create_container(**options)
        return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container that was made."""
        with self._speaking() as client:
            client.start(container)

    def kill(self, container: str) -> None:
        """End a container, if it exists and still runs."""
        with self._speaking() as client:
            try:
                client.kill(container)
            except APIError as error:
                if not (isinstance(error, NotFound) or error.status_code == _CONFLICT):
                    raise

    def ended(self, container: str) -> Ended | None:
        """Return how a container is, None if there is none."""
        with self._speaking() as client:
            try:
                state = client.inspect_container(container)["State"]
            except NotFound:
                return None
        return Ended(
            running=bool(state.get("Running")),
            exit_code=int(state.get("ExitCode") or 0),
            out_of_memory=bool(state.get("OOMKilled")),
        )

    def words(self, container: str) -> str:
        """Return the end of what the container wrote before it was connected."""
        with self._speaking() as client:
            try:
                said = client.logs(container, stdout=True, stderr=True, tail=_WORDS_LINES)
            except NotFound:
                return ""
        return bytes(said).decode(errors="replace").strip()

    def remove(self, container: str) -> None:
        """End and remove a container; return when it is gone, or if there is none."""
        deadline = time.monotonic() + _REMOVE_SECONDS
        with self._speaking() as client:
            while True:
                try:
                    client.remove_container(container, force=True, v=True)
                except NotFound:
                    return
                except APIError:
                    # Podman refuses while it is busy with the container's end.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_PAUSE_SECONDS)
                else:
                    return

    def labelled(self) -> Mapping[str, str]:
        """Return the containers of every launcher: their ids and their labels."""
        with self._speaking() as client:
            found = client.containers(all=True, filters={"label": RUNTIME_LABEL})
        return {entry["Id"]: entry["Labels"][RUNTIME_LABEL] for entry in found}

    def close(self) -> None:
        """Let go of the engine, once the calls that run are over."""
        self._threads.shutdown()
        if self._client is not None:
            self._client.close()
            self._client = None

    @contextmanager
    def _speaking(self) -> Iterator[APIClient]:
        try:
            yield self._connected()
        except (DockerException, RequestException, OSError) as error:
            said = getattr(error, "explanation", None) or error
            raise SandboxError(f"the container engine at {self.url}: {said}") from error

    def _connected(self) -> APIClient:
        with self._lock:
            if self._client is None:
                self._client = APIClient(
                    self.url, version="auto", timeout=_CALL_SECONDS, max_pool_size=_THREADS
                )
            return self._client


def usual_url() -> str:
    """Return where an engine of this machine listens: Docker's socket, or Podman's."""
    found = next((path for path in _USUAL_SOCKETS if path.exists()), _USUAL_SOCKETS[0])
    return f"unix://{found}"
