"""Can containers work on this machine? If not: the reason, and what to do about it."""

import asyncio
from collections.abc import Iterator

from config.errors import SandboxUnavailableError
from notebooks.environments.layout import base_python
from notebooks.kernels.errors import SandboxError
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandboxes.base import HOME, Program, python_mounts
from notebooks.kernels.sandboxes.container.engine import Engine, Flavour
from notebooks.kernels.sandboxes.container.launcher import ContainerLauncher
from notebooks.kernels.sandboxes.container.options import API_VERSION

_TRIAL_SECONDS = 60
_TRIAL = f"open('{HOME}/trial', 'w').write('')"
_BUILD = (
    "podman build --tag casebook-kernel deploy/kernel (or docker build …; see deploy/README.md)"
)


def check_container(launcher: ContainerLauncher) -> tuple[str, ...]:
    """Try a container out and return notes about promises that do not hold here.

    Raises:
        SandboxUnavailableError: Containers cannot work; the message says why and what to do.
    """
    flavour = _flavour(launcher.engine)
    if flavour.too_old:
        raise SandboxUnavailableError(
            f"{flavour.name} {flavour.version} is too old: its API is {flavour.api_version}, and "
            f"{API_VERSION} is needed. Install Docker 20.10 or Podman 4, or a later one."
        )
    if flavour.remaps_users:
        raise SandboxUnavailableError(
            "This Docker gives every container other user ids than the host's (userns-remap), so "
            "that kernels could not reach their sockets. Take the setting out of daemon.json."
        )
    try:
        found = launcher.engine.has_image(launcher.image)
        if not found:
            raise SandboxUnavailableError(
                f"{flavour.name} has no image “{launcher.image}”. Build it: {_BUILD}"
            )
        code, said = asyncio.run(_try_out(launcher))
    except SandboxError as error:
        raise SandboxUnavailableError(f"{error} {explain(str(error))}".strip()) from error
    if code != 0:
        raise SandboxUnavailableError(
            f"A program in a container of “{launcher.image}” failed: {said} "
            f"Build the image again: {_BUILD}"
        )
    return (*launcher.notes(), *_notes(flavour))


def explain(said: str) -> str:
    """Return what most likely causes an engine's complaint, and the remedy; or nothing."""
    if "tini" in said or "python" in said or "permission denied" in said.lower():
        return (
            "The image must have tini, and let every user pass to where Python and the "
            f"environments lie. Build it again: {_BUILD}"
        )
    if "runtime" in said:
        return "Does CASEBOOK_CONTAINER_RUNTIME name a runtime that this engine knows?"
    return ""


def _flavour(engine: Engine) -> Flavour:
    try:
        return engine.flavour()
    except SandboxError as error:
        raise SandboxUnavailableError(
            f"{error}. Is it running, and may this user reach its socket? Start it (systemctl "
            "start docker, or podman.socket), or name the socket in CASEBOOK_CONTAINER_URL, such "
            "as unix:///run/podman/podman.sock"
        ) from error


async def _try_out(launcher: ContainerLauncher) -> tuple[int, str]:
    """Return the exit code and the last words of a program that writes a file."""
    python = base_python()
    program = Program(arguments=("-I", "-S", "-c", _TRIAL))
    mounts = python_mounts()
    spec = KernelSpec(environment="none")
    sandbox = await launcher.start_with(python, mounts, spec, program, launcher.new_uid())
    try:
        async with asyncio.timeout(_TRIAL_SECONDS):
            code = await sandbox.wait()
    except TimeoutError as error:
        raise SandboxError(f"a container did not end within {_TRIAL_SECONDS} s.") from error
    finally:
        await sandbox.close()
    return code, sandbox.last_words()


def _notes(flavour: Flavour) -> Iterator[str]:
    if flavour.rootless:
        yield (
            f"{flavour.name} runs without root here; whether memory, CPU and process limits hold "
            "depends on the control groups that this user was given."
        )
