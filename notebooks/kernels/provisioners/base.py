"""What every kernel provisioner of ours does: start an ipykernel in a sandbox of its launcher.

Each kernel has a folder of its own for its five unix sockets and its connection file. Before any
student code runs the folder is sealed: it belongs to root and nobody may add, swap or remove a
socket. (For an ordinary user the seal is only the mode; the owner could lift it.) Hence no restart
in place: a fresh kernel gets a fresh folder.
"""

import asyncio
import os
import secrets
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec as JupyterKernelSpec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Instance

from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandboxes.base import CODE, IPYTHON_DIR, Launcher, Program, Sandbox

START_SECONDS = 60.0
"""How long a kernel may take until its sockets exist and it answers."""

_SOCKETS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
_POLL_SECONDS = 0.005
_SEALED = 0o555
_MAIN = Path(__file__).with_name("kernel_main.py")
_PROGRAM = (_MAIN, _MAIN.with_name("kernel_variables.py"))
_STREAM_MARGIN = 64 * 1024


def sockets_dir(runtime: Path) -> Path:
    """Return the folder below which every kernel of a runner has its own."""
    return runtime / "k"


class SandboxKernelSpecs(KernelSpecManager):
    """Hands out one kernel spec that lives in memory: our command, our provisioner."""

    launcher = Instance(Launcher)  # type: ignore[type-abstract] # only subclasses have instances
    kernel = Instance(KernelSpec)

    def get_kernel_spec(self, kernel_name: str) -> JupyterKernelSpec:
        """Return the spec; the name does not matter, each kernel has a manager of its own."""
        main = str(CODE / _MAIN.name)
        config = {"launcher": self.launcher, "kernel": self.kernel}
        provisioner = {"provisioner_name": self.launcher.provisioner, "config": config}
        return JupyterKernelSpec(
            argv=[main, "-f", "{connection_file}"],
            name=kernel_name,
            display_name="Python",
            language="python",
            interrupt_mode="message",
            metadata={"kernel_provisioner": provisioner},
        )


class SandboxProvisioner(KernelProvisionerBase):
    """Starts, watches and ends the sandbox of one kernel."""

    launcher = Instance(Launcher)  # type: ignore[type-abstract] # only subclasses have instances
    kernel = Instance(KernelSpec)
    sandbox: Sandbox | None = None
    folder: Path | None = None

    @property
    def has_process(self) -> bool:
        """Return whether a sandbox was started and not yet cleaned up."""
        return self.sandbox is not None

    async def poll(self) -> int | None:
        """Return None while the sandbox runs, else its exit code."""
        return 0 if self.sandbox is None else self.sandbox.exit_code

    async def wait(self) -> int | None:
        """Wait until the sandbox has ended and return its exit code."""
        return 0 if self.sandbox is None else await self.sandbox.wait()

    async def send_signal(self, signum: int) -> None:
        """Do nothing: signals reach the jail, not the kernel; interrupts go by message."""
        del signum

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - its base's
        """End the sandbox at once."""
        if self.sandbox is not None:
            self.sandbox.kill()

    async def terminate(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002 - its base's
        """End the sandbox at once; a kernel has nothing to save."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - its base's
        """Make the folder, and point the manager's sockets and connection file into it."""
        self.folder = sockets_dir(self.launcher.runtime) / secrets.token_hex(6)
        self.folder.mkdir(parents=True, mode=0o700)
        manager = self._manager()
        manager.transport = "ipc"
        manager.ip = str(self.folder / "s")
        for number, name in enumerate(_SOCKETS, start=1):
            setattr(manager, name, number)
        manager.connection_file = str(self.folder / "kernel.json")
        manager.cache_ports = False
        manager.write_connection_file()
        kwargs["cmd"] = [
            part.format(connection_file=manager.connection_file) for part in self.kernel_spec.argv
        ]
        return kwargs

    async def launch_kernel(
        self,
        cmd: list[str],
        **_kwargs: Any,  # noqa: ANN401 - its base's
    ) -> KernelConnectionInfo:
        """Start the sandbox, wait for its sockets and seal their folder.

        Raises:
            SandboxError: It ended before, or took too long; with its last words.
        """
        folder = self._folder()
        uid = self.launcher.new_uid()
        if uid is not None:
            os.chown(folder / "kernel.json", uid, uid)
            os.chown(folder, uid, uid)
        program = Program(
            arguments=tuple(cmd),
            code=tuple(
                (self.launcher.publish(file, PurePosixPath("kernel")), CODE / file.name)
                for file in _PROGRAM
            ),
            folder=folder,
            environment={
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
                "IPYTHONDIR": IPYTHON_DIR,
                "CASEBOOK_STREAM_CHARACTERS": str(self.kernel.limits.output_bytes + _STREAM_MARGIN),
            },
        )
        self.sandbox = await self.launcher.start(self.kernel, program, uid)
        await self._wait_for_sockets(folder, self.sandbox)
        self._seal(folder)
        self.connection_info = self._manager().get_connection_info()
        return self.connection_info

    async def _wait_for_sockets(self, folder: Path, sandbox: Sandbox) -> None:
        wanted = [folder / f"s-{number}" for number in range(1, len(_SOCKETS) + 1)]
        try:
            async with asyncio.timeout(START_SECONDS):
                while not all(path.exists() for path in wanted):
                    if not sandbox.alive:
                        raise SandboxError(f"the kernel did not start: {sandbox.last_words()}")
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise SandboxError(f"the kernel did not start within {START_SECONDS:.0f} s.") from error

    def _seal(self, folder: Path) -> None:
        # The mode first: a folder of root's that only its owner may enter, even for a moment, is
        # closed to the kernel that is just reading its connection file.
        folder.chmod(_SEALED)
        if self.launcher.as_root:
            os.chown(folder, 0, 0)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - its base's
        """End the sandbox and remove its folder."""
        if self.sandbox is not None:
            await self.sandbox.close()
        if self.folder is not None:
            await asyncio.to_thread(_remove, self.folder)

    def _manager(self) -> AsyncKernelManager:
        if not isinstance(self.parent, AsyncKernelManager):
            raise SandboxError("the provisioner was made without a kernel manager.")
        return self.parent

    def _folder(self) -> Path:
        if self.folder is None:
            raise SandboxError("launch_kernel was called before pre_launch.")
        return self.folder


def _remove(folder: Path) -> None:
    if folder.exists():
        folder.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


def sweep_sockets(runtime: Path) -> None:
    """Remove the socket folders that an earlier runner has left behind."""
    parent = sockets_dir(runtime)
    if parent.is_dir():
        for folder in parent.iterdir():
            _remove(folder)
