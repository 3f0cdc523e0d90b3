"""Building an environment: resolve, install wheels into a new folder, compile, seal, rename.

No code of a package runs during a build: only wheels are installed, and they are compiled by the
base interpreter with `-I -S`, so that not even a `.pth` file is executed.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from uv import find_uv_bin

from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.layout import (
    base_python,
    environment_name,
    environment_python,
    request_name,
)
from notebooks.environments.requirements import IPYKERNEL, parse_requirements
from notebooks.environments.uv_errors import explain

BUILD_SECONDS = 1200
"""Wall time of a whole build, waiting for another builder of the same name included."""

Log = Callable[[str], None]

_NEVER_IMPORTED = r"/(tests?|debugpy/_vendored)/"
"""Folders that stay source: the packages' own tests and ipykernel's debugger, which no kernel of
ours starts, are nearly half of all code. They can still be imported, only slower."""

_READ_ONLY_FILE = 0o444
_EXECUTABLE_FILE = 0o555
_FOLDER = 0o555
_LOCK_POLL_SECONDS = 0.1


async def build_environment(requirements: str, *, root: Path, log: Log) -> str:
    """Return the name of the folder under `root` that holds these requirements, built if needed.

    Concurrent builds, in other processes too, end in the same folder. A repeat runs no program.

    Raises:
        EnvironmentBuildError: A requirement is refused, unknown or conflicts, or time ran out.
    """
    lines = parse_requirements(requirements)
    index = root / ".index"
    index.mkdir(parents=True, exist_ok=True)
    entry = index / request_name(lines)
    known = _read_entry(entry)
    if known is not None and (root / known).is_dir():
        return known
    try:
        async with asyncio.timeout(BUILD_SECONDS), _locked(root, entry.name):
            known = _read_entry(entry)
            if known is not None and (root / known).is_dir():
                return known
            name = await _build(lines, root, log)
    except TimeoutError as error:
        raise EnvironmentBuildError(
            None, f"the build took more than {BUILD_SECONDS} s; ask for fewer or smaller packages."
        ) from error
    _write_entry(entry, name)
    return name


def _read_entry(entry: Path) -> str | None:
    try:
        return entry.read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def _write_entry(entry: Path, name: str) -> None:
    fresh = entry.with_suffix(f".{os.getpid()}")
    fresh.write_text(name, encoding="utf-8")
    fresh.replace(entry)


async def _build(lines: tuple[str, ...], root: Path, log: Log) -> str:
    with tempfile.TemporaryDirectory(prefix=".build-", dir=root, ignore_cleanup_errors=True) as tmp:
        work = Path(tmp)
        log("Resolving requirements …")
        lock = await _resolve(lines, work)
        name = environment_name(lock)
        if (root / name).is_dir():
            return name
        folder = work / "environment"
        log("Installing packages …")
        await _install(lines, folder, work)
        log("Compiling …")
        await compile_packages(folder)
        await asyncio.to_thread(_seal, folder)
        _publish(folder, root / name)
    log(f"Environment {name} is ready.")
    return name


async def _resolve(lines: tuple[str, ...], work: Path) -> str:
    wanted = work / "requirements.in"
    wanted.write_text("\n".join((*lines, IPYKERNEL)) + "\n", encoding="utf-8")
    lock = work / "requirements.lock"
    await _uv(
        lines,
        ("pip", "compile", str(wanted), "--output-file", str(lock)),
        ("--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"),
        ("--python", str(base_python())),
    )
    return lock.read_text(encoding="utf-8")


async def _install(lines: tuple[str, ...], folder: Path, work: Path) -> None:
    await _uv(lines, ("venv", str(folder), "--python", str(base_python()), "--relocatable", "-q"))
    await _uv(
        lines,
        ("pip", "sync", str(work / "requirements.lock"), "--require-hashes", "--quiet"),
        ("--python", str(environment_python(folder))),
        ("--only-binary", ":all:", "--link-mode", "copy"),
    )


async def _uv(lines: tuple[str, ...], *arguments: tuple[str, ...]) -> None:
    argv = [find_uv_bin(), *(item for part in arguments for item in part)]
    argv += ["--no-config", "--no-python-downloads", "--color", "never"]
    code, text = await _run(argv)
    if code != 0:
        line, message = explain(text, lines)
        raise EnvironmentBuildError(line, message)


async def compile_packages(folder: Path) -> None:
    """Compile what is likely to be imported; Python never asks whether the source has changed."""
    argv = [str(base_python()), "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0"]
    # A file that does not compile (a template, a test of syntax errors) is no reason to refuse.
    argv += ["-x", _NEVER_IMPORTED, "--invalidation-mode", "unchecked-hash"]
    await _run([*argv, str(folder / "lib")])


async def _run(argv: list[str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace")


def _seal(folder: Path) -> None:
    """Make everything readable for all and writable for nobody."""
    for where, _, files in os.walk(folder, topdown=False):
        Path(where).chmod(_FOLDER)
        for file in files:
            path = Path(where) / file
            if not path.is_symlink():
                executable = path.stat().st_mode & 0o100
                path.chmod(_EXECUTABLE_FILE if executable else _READ_ONLY_FILE)


def _publish(folder: Path, final: Path) -> None:
    # Moving a folder to another parent takes write permission on the folder itself.
    folder.chmod(0o755)
    try:
        folder.replace(final)
        final.chmod(_FOLDER)
    except OSError:
        # Another builder was first; what it published is the same.
        if not final.is_dir():
            raise
        shutil.rmtree(folder)


@asynccontextmanager
async def _locked(root: Path, name: str) -> AsyncIterator[None]:
    locks = root / ".locks"
    locks.mkdir(exist_ok=True)
    with (locks / name).open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOCK_POLL_SECONDS)
        yield
