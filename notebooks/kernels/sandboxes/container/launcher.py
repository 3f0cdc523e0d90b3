"""Starts containers: one class for Docker and Podman, on this host."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath

from config.settings import Settings
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandboxes.base import PYTHON, Launcher, Mount, Program
from notebooks.kernels.sandboxes.container.engine import Engine, Flavour
from notebooks.kernels.sandboxes.container.entry import Connection, Entry
from notebooks.kernels.sandboxes.container.options import (
    ENTER,
    ContainerSpec,
    container_options,
)
from notebooks.kernels.sandboxes.container.sandbox import ContainerSandbox
from notebooks.kernels.sandboxes.seccomp import seccomp_profile

CONNECT_SECONDS = 60.0
"""How long a container may take from its start until it has connected."""

_LOOK_SECONDS = 0.25
_ENTER = Path(__file__).with_name("enter.py")
_PASSWD = PurePosixPath("/etc/passwd")


class ContainerLauncher(Launcher):
    """Starts sandboxes as containers of the engine that the settings name."""

    provisioner = "casebook-container"

    def __init__(self, settings: Settings, runtime: Path) -> None:
        super().__init__(settings, runtime)
        self.engine = Engine(settings.container_url)
        self.image = settings.container_image
        self._runtime = settings.container_runtime

    def notes(self) -> Iterator[str]:
        """Yield which promises do not hold here."""
        if not self.as_root:
            yield (
                "All containers run as this user: namespaces alone keep them apart, and a "
                "student can lift the seal of the own kernel's sockets. "
                "Good for a demonstration only."
            )

    async def start(self, spec: KernelSpec, program: Program, uid: int | None) -> ContainerSandbox:
        """Start a program in a container of its own and return when it has connected.

        Raises:
            SandboxError: Something that it needs does not exist, or the engine refuses; or the
                program would make jails of its own, which no container lets it.
        """
        if program.jailer or program.control is not None:
            raise SandboxError("a container cannot hold a program that makes jails of its own.")
        return await self.start_with(PYTHON, self.mounts(spec, program), spec, program, uid)

    async def start_with(
        self,
        python: PurePath,
        mounts: tuple[Mount, ...],
        spec: KernelSpec,
        program: Program,
        uid: int | None,
    ) -> ContainerSandbox:
        """Start a program by any interpreter, seeing just these mounts; otherwise as `start`."""
        flavour = await self.engine.do(self.engine.flavour)
        self._require_runtime(flavour)
        name = f"casebook-{secrets.token_hex(6)}"
        own = os.geteuid() if uid is None else uid
        entry = Entry(self._entries / name.removeprefix("casebook-"), own, piped=program.piped)
        enter = (self.publish(_ENTER, PurePosixPath("container")), ENTER)
        container = ContainerSpec(
            name=name,
            image=self.image,
            runtime=self._runtime,
            label=self.runtime,
            uid=own,
            processes_are_its_own=uid is not None,
            python=python,
            entry=entry.folder,
            command=(str(python), *program.arguments),
            limits=spec.limits,
            seccomp=self._seccomp(flavour),
            userns=_userns(flavour),
            read_only=(*mounts, enter, (entry.passwd, _PASSWD)),
            writable=(program.folder,) if program.folder is not None else (),
            environment=program.environment,
        )
        try:
            await entry.open()
            connections = await self._run(container, entry)
        except OSError as error:
            entry.close()
            raise SandboxError(f"a container's sockets cannot be made: {error}") from error
        except BaseException:
            try:
                await self.engine.do(lambda: self.engine.remove(name))
            finally:
                entry.close()
            raise
        return ContainerSandbox(self.engine, name, entry, connections)

    async def _run(self, container: ContainerSpec, entry: Entry) -> dict[str, Connection]:
        options = container_options(container)
        await self.engine.do(lambda: self.engine.create(options))
        await self.engine.do(lambda: self.engine.start(container.name))
        connected = asyncio.ensure_future(entry.connected())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while not (await asyncio.wait({connected}, timeout=_LOOK_SECONDS))[0]:
                    await self._require_running(container.name)
        except TimeoutError as error:
            raise SandboxError(
                f"the container did not connect within {CONNECT_SECONDS:.0f} s."
            ) from error
        finally:
            connected.cancel()
        return connected.result()

    async def _require_running(self, container: str) -> None:
        state = await self.engine.do(lambda: self.engine.ended(container))
        if state is None or not state.running:
            said = await self.engine.do(lambda: self.engine.words(container))
            code = "" if state is None else f" (exit code {state.exit_code})"
            raise SandboxError(f"the container ended before it had connected{code}: {said}")

    def _require_runtime(self, flavour: Flavour) -> None:
        """Refuse a runtime that Podman would silently exchange for its own: its API ignores it."""
        wanted = self._runtime
        if flavour.name == "Podman" and wanted not in {None, flavour.default_runtime}:
            raise SandboxError(
                f"CASEBOOK_CONTAINER_RUNTIME is {wanted}, but this Podman service runs everything "
                f"by {flavour.default_runtime}. Start it by `podman --runtime {wanted} system "
                "service …`, or set `runtime` in its containers.conf."
            )

    def _seccomp(self, flavour: Flavour) -> str:
        """Return the filter in the form that this engine takes."""
        profile = seccomp_profile()
        if flavour.name == "Docker":
            return profile
        path = self.runtime / "code" / "seccomp.json"
        if path not in self._published:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_text(profile, encoding="ascii")
            fresh.replace(path)
            self._published.add(path)
        return str(path)

    @property
    def _entries(self) -> Path:
        """Return the folder below which every container has its sockets."""
        return self.runtime / "c"

    def sweep(self) -> None:
        """End and remove the containers that an earlier runner with this folder has left."""
        for container, label in self.engine.labelled().items():
            if self._is_left(Path(label)):
                self.engine.remove(container)
        if self._entries.is_dir():
            for folder in self._entries.iterdir():
                _remove(folder)

    def _is_left(self, label: Path) -> bool:
        """Return whether it is this folder, or one below of a process (`l` + id) that is gone."""
        if label == self.runtime:
            return True
        process = Path("/proc") / label.name.removeprefix("l")
        return label.parent == self.runtime and not process.exists()

    def close(self) -> None:
        """Remove what the launcher itself made; its sandboxes must be closed."""
        self.engine.close()
        with contextlib.suppress(OSError):
            self._entries.rmdir()


def _userns(flavour: Flavour) -> str | None:
    """Keep our user id inside, where a rootless engine would map it away."""
    return "keep-id" if flavour.rootless and flavour.name == "Podman" else None


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    folder.rmdir()
