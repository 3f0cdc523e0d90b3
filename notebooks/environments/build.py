"""Building an environment: resolve, install wheels into a new folder, compile, seal, rename.

No code of a package runs during a build. Only wheels are installed, which are unpacked and no
more: their entry points, `.pth` files, `sitecustomize` and `usercustomize` wait for the first start
of the environment's interpreter, and that is inside a sandbox. uv runs this interpreter once, while
the environment is still empty. Modules are compiled, not imported, by the base interpreter with
`-I -S`, which knows nothing of the environment. What a wheel calls its data goes below the
environment's own folder; uv refuses names that lead out of it.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from notebooks.environments.errors import EnvironmentBuildError, Fault
from notebooks.environments.layout import base_python, environment_name, request_name
from notebooks.environments.limits import BuildLimits
from notebooks.environments.lock import Lock
from notebooks.environments.processes import run
from notebooks.environments.progress import Log, Progress, Report, Step
from notebooks.environments.requirements import RequirementLine, identity_of, parse_requirements
from notebooks.environments.size import check_size
from notebooks.environments.uv_calls import install, resolve

_NEVER_IMPORTED = r"/(tests?|debugpy/_vendored)/"
"""Folders that stay source: the packages' own tests and ipykernel's debugger, which no kernel of
ours starts, are nearly half of all code. They can still be imported, only slower."""

_READ_ONLY_FILE = 0o444
_EXECUTABLE_FILE = 0o555
_FOLDER = 0o555
_LOCK_POLL_SECONDS = 0.1
_UNFINISHED = ".build-"
_FORGOTTEN_SECONDS = 24 * 3600
"""A build's folder of this age belongs to a builder that was killed."""
_COMPILER_BYTES = 4 * 1024**3
"""Address space of a compiling process: hostile source can ask for any amount."""


async def build_environment(
    requirements: str,
    *,
    root: Path,
    log: Log,
    report: Report | None = None,
    limits: BuildLimits | None = None,
) -> str:
    """Return the name of the folder under `root` that holds these requirements, built if needed.

    Concurrent builds, in other processes too, end in the same folder, and one of them builds it.
    A repeat, with the lines in another order or commented otherwise, runs no program.

    Raises:
        EnvironmentBuildError: A requirement is refused, unknown or conflicts, a limit is passed,
            or time ran out.
    """
    lines = parse_requirements(requirements)
    build = _Build(lines, root, limits or BuildLimits(), log, report)
    try:
        async with asyncio.timeout(build.limits.seconds):
            name = await build.find_or_make()
    except TimeoutError as error:
        message = (
            f"the build took more than {build.limits.seconds:g} s; ask for fewer or smaller "
            "packages."
        )
        raise EnvironmentBuildError((Fault(None, None, message),)) from error
    build.tell(Progress(Step.READY))
    return name


async def lock_requirements(requirements: str, *, log: Log) -> Lock:
    """Return what these requirements resolve to, installing nothing.

    Raises:
        EnvironmentBuildError: A requirement is refused, unknown or conflicts, or time ran out.
    """
    lines = parse_requirements(requirements)
    seconds = BuildLimits().seconds
    try:
        with tempfile.TemporaryDirectory(prefix="casebook-lock-") as work:
            async with asyncio.timeout(seconds):
                return await resolve(lines, Path(work), log)
    except TimeoutError as error:
        message = f"resolving the requirements took more than {seconds:g} s."
        raise EnvironmentBuildError((Fault(None, None, message),)) from error


class _Build:
    """One caller's build, with what it was asked for."""

    def __init__(
        self,
        lines: Sequence[RequirementLine],
        root: Path,
        limits: BuildLimits,
        log: Log,
        report: Report | None,
    ) -> None:
        self.lines = lines
        self.root = root
        self.limits = limits
        self.log = log
        self.report = report

    def tell(self, progress: Progress) -> None:
        self.log(str(progress))
        if self.report is not None:
            self.report(progress)

    async def find_or_make(self) -> str:
        index = self.root / ".index"
        index.mkdir(parents=True, exist_ok=True)
        entry = index / request_name(identity_of(self.lines))
        known = self._known(entry)
        if known is not None:
            return known
        async with _locked(self.root, entry.name):
            known = self._known(entry)
            if known is None:
                await asyncio.to_thread(_sweep, self.root)
                known = await self._resolve_and_make()
                _write_entry(entry, known)
        return known

    def _known(self, entry: Path) -> str | None:
        try:
            name = entry.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        return name if name and (self.root / name).is_dir() else None

    async def _resolve_and_make(self) -> str:
        with tempfile.TemporaryDirectory(
            prefix=_UNFINISHED, dir=self.root, ignore_cleanup_errors=True
        ) as work:
            self.tell(Progress(Step.RESOLVING))
            lock = await resolve(self.lines, Path(work), self.log)
            if lock.packages > self.limits.packages:
                message = (
                    f"{lock.packages} packages would be installed, and an environment may have "
                    f"{self.limits.packages}; ask for fewer."
                )
                raise EnvironmentBuildError((Fault(None, None, message),))
            name = environment_name(lock.text)
            # Other words for the same lock have another lock file of ours: this one is of the name.
            async with _locked(self.root, name):
                if not (self.root / name).is_dir():
                    await self._make(name, lock, Path(work))
        return name

    async def _make(self, name: str, lock: Lock, work: Path) -> None:
        folder = work / "environment"
        self.tell(Progress(Step.INSTALLING, lock.packages))
        await install(lock, folder, lines=self.lines, work=work, log=self.log)
        await asyncio.to_thread(check_size, folder, self.limits)
        self.tell(Progress(Step.COMPILING, lock.packages))
        if await compile_packages(folder) != 0:
            self.log("Some modules were not compiled; importing them takes longer.")
        await asyncio.to_thread(_seal, folder)
        _publish(folder, self.root / name)


async def compile_packages(folder: Path) -> int:
    """Compile what is likely to be imported and return the compiler's exit code.

    Python never asks whether the source has changed. A file that does not compile (a template, a
    test of syntax errors) is no reason to refuse an environment, nor is one that no compiler
    survives.
    """
    argv = [str(base_python()), "-I", "-S", "-m", "compileall", "-q", "-q", "-j", "0"]
    argv += ["-x", _NEVER_IMPORTED, "--invalidation-mode", "unchecked-hash", str(folder / "lib")]
    plain = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    code, _ = await run(argv, environment=plain, folder=folder, address_space=_COMPILER_BYTES)
    return code


def _write_entry(entry: Path, name: str) -> None:
    fresh = entry.with_suffix(f".{os.getpid()}")
    fresh.write_text(name, encoding="utf-8")
    fresh.replace(entry)


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
    folder.replace(final)
    final.chmod(_FOLDER)


def _sweep(root: Path) -> None:
    """Remove what builders that were killed have left."""
    for folder in root.glob(f"{_UNFINISHED}*"):
        try:
            forgotten = time.time() - folder.stat().st_mtime > _FORGOTTEN_SECONDS
        except FileNotFoundError:
            continue
        if forgotten:
            for where, _, _ in os.walk(folder):
                Path(where).chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)


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
