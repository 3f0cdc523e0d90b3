"""Private container engines for tests, and launchers of every kind.

Each engine has a folder of its own below the system's temporary one, and a mount namespace of its
own (Docker's a network namespace too): it touches nothing of an engine that the machine may run.
Where one cannot run, the tests that need it are skipped with the reason.

A test over every launcher takes the fixture `every_launcher`; its file's conftest imports it with
`podman_engine` and `docker_engine`.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker import APIClient  # type: ignore[import-untyped] # it has no types
from docker.errors import DockerException  # type: ignore[import-untyped] # as above
from requests.exceptions import RequestException

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.sandboxes.choice import make_launcher
from tests.kernel_image import ImageError, kernel_image

_START_SECONDS = 60
_STOP_SECONDS = 30
_IMPORT_SECONDS = 300
_IMAGE = "casebook-kernel"

ENGINE_MARKS = (pytest.mark.engine, pytest.mark.slow)
LAUNCHERS = (
    pytest.param("bwrap", marks=pytest.mark.sandbox),
    pytest.param("podman", marks=ENGINE_MARKS),
    pytest.param("docker", marks=ENGINE_MARKS),
)
"""Every kind of launcher, with the marks that decide when its tests run."""


@dataclass(frozen=True)
class RunningEngine:
    """An engine that answers and has the image."""

    url: str
    process: int
    """Its own; what it mounts is seen in this process's mount namespace alone."""
    image: str = _IMAGE
    runtime: str = "runc"
    """Named, since crun refuses control groups of both versions side by side."""

    def settings(self, settings: Settings) -> Settings:
        """Return settings that differ only in that this engine keeps the sandboxes."""
        return settings.model_copy(update=self._changes())

    def environment(self) -> dict[str, str]:
        """Return the variables that make another process use this engine."""
        return {f"CASEBOOK_{name.upper()}": value for name, value in self._changes().items()}

    def containers(self) -> list[str]:
        """Return the ids of the containers that exist."""
        client = APIClient(self.url, version="auto", timeout=_START_SECONDS)
        try:
            return [str(container["Id"]) for container in client.containers(all=True)]
        finally:
            client.close()

    def _changes(self) -> dict[str, str]:
        return {
            "provisioner": "container",
            "container_url": self.url,
            "container_image": self.image,
            "container_runtime": self.runtime,
        }


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[RunningEngine]:
    """A private Podman service."""
    with _folder() as folder:
        command = ["podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]
        command += ["--tmpdir", f"{folder}/tmp", "--runtime", "runc", "--events-backend", "none"]
        command += ["--cgroup-manager", "cgroupfs", "system", "service", "--time", "0"]
        with _running(folder, ["unshare", "-m", *command, f"unix://{folder}/s"]) as engine:
            yield engine


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[RunningEngine]:
    """A private Docker daemon."""
    with _folder() as folder:
        command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
        command += ["--pidfile", f"{folder}/pid", "--bridge", "none", "--iptables=false"]
        command += ["--ip6tables=false", "--exec-opt", "native.cgroupdriver=cgroupfs"]
        command += ["--host", f"unix://{folder}/s"]
        with _running(folder, ["unshare", "-m", "-n", *command]) as engine:
            yield engine


@pytest.fixture(params=LAUNCHERS)
def every_launcher(
    request: pytest.FixtureRequest, sandbox_settings: Settings
) -> Iterator[Launcher]:
    """A launcher of every kind in turn, below a runtime folder of the test's own."""
    settings = sandbox_settings
    if request.param != "bwrap":
        engine: RunningEngine = request.getfixturevalue(f"{request.param}_engine")
        settings = engine.settings(settings)
    made = make_launcher(settings, runtime_dir(settings))
    yield made
    made.sweep()
    made.close()


@contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder with a path that is short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="cb-engine-"))
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove an engine's folder; what clears up after its containers may outlive it a little."""
    deadline = time.monotonic() + _STOP_SECONDS
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@contextmanager
def _running(folder: Path, command: list[str]) -> Iterator[RunningEngine]:
    """Run an engine that has the image; skip the test where that is not possible."""
    program = next(word for word in command if word in {"podman", "dockerd"})
    if os.geteuid() != 0:
        pytest.skip(f"{program} needs root here")
    for needed in (program, "runc", "unshare"):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    try:
        image = kernel_image()
    except ImageError as error:
        pytest.skip(str(error))
    log = folder / "log"
    with log.open("w") as said:
        # In its folder: what watches Podman's containers leaves a file where it was started.
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    url = f"unix://{folder}/s"
    try:
        if not _answers(url, process):
            pytest.skip(f"{program} does not start: {log.read_text()[-500:]}")
        client = APIClient(url, version="auto", timeout=_IMPORT_SECONDS)
        client.import_image_from_file(str(image), repository=_IMAGE, tag="latest")
        yield RunningEngine(url, process.pid)
        for container in client.containers(all=True):
            client.remove_container(container["Id"], force=True)
        client.close()
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(DockerException, RequestException):
            client = APIClient(url, version="auto", timeout=5)
            client.close()
            return True
        time.sleep(0.1)
    return False
