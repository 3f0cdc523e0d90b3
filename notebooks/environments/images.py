"""An environment as a container image, by repo2docker, where kernels are started from a registry.

The image holds what the folder of the same lock holds, for a user with the name and home that
kernels have everywhere. repo2docker comes with the extra `images`. It is given a folder with the
lock and nothing of the case, for it runs what it finds in one (`postBuild`, its configuration).
Nothing is built on this machine itself, and packages come as wheels only, as in a folder.
"""

import asyncio
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from notebooks.environments.errors import ImageError
from notebooks.environments.layout import environment_name
from notebooks.environments.lock import Lock
from notebooks.environments.processes import run
from notebooks.environments.progress import Log

_USER = ("--user-id", "1000", "--user-name", "student")
_GENERATE_SECONDS = 60
_TOLD_LINES = 20
"""Lines of its output that an error repeats."""
_DOCKERFILE = re.compile(r"^\s*(?=FROM )", re.MULTILINE)
_PASSED = ("HOME", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
"""Variables by which an operator says where the engine is, and how it logs in to the registry."""


async def generate_dockerfile(lock: Lock) -> str:
    """Return the Dockerfile for a lock; no engine is needed.

    Raises:
        ImageError: repo2docker is not installed, or failed.
    """
    output = await _repo2docker(lock, ("--no-build", "--debug"), _GENERATE_SECONDS, None)
    begin = _DOCKERFILE.search(output)
    if begin is None:
        raise ImageError(f"repo2docker wrote no Dockerfile:\n{_end_of(output)}")
    return f"{output[begin.end() :].strip()}\n"


async def build_image(lock: Lock, *, registry: str, seconds: float, log: Log) -> str:
    """Build the image for a lock, push it to the registry and return its name.

    Raises:
        ImageError: repo2docker is not installed, no engine answers, or it failed or took longer
            than `seconds`.
    """
    image = f"{registry.rstrip('/')}/environment:{environment_name(lock.text)}"
    arguments = ("--image-name", image, "--push", "--no-run")
    await _repo2docker(lock, arguments, seconds, log)
    return image


async def _repo2docker(
    lock: Lock, arguments: Sequence[str], seconds: float, log: Log | None
) -> str:
    if importlib.util.find_spec("repo2docker") is None:
        raise ImageError("images need repo2docker: install Casebook with its extra `images`.")
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    environment = {**passed, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    argv = [sys.executable, "-I", "-m", "repo2docker", *arguments, *_USER]
    with tempfile.TemporaryDirectory(prefix="casebook-image-") as folder:
        source = await asyncio.to_thread(_write_source, Path(folder), lock)
        try:
            async with asyncio.timeout(seconds):
                code, output = await run(
                    [*argv, str(source)], environment=environment, folder=Path(folder), log=log
                )
        except TimeoutError as error:
            raise ImageError(f"repo2docker took more than {seconds:g} s.") from error
    if code != 0:
        raise ImageError(f"repo2docker failed:\n{_end_of(output)}")
    return output


def _write_source(folder: Path, lock: Lock) -> Path:
    source = folder / "source"
    source.mkdir()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    (source / "runtime.txt").write_text(f"python-{version}\n", encoding="utf-8")
    wheels_only = "--only-binary :all:\n"
    (source / "requirements.txt").write_text(wheels_only + lock.text, encoding="utf-8")
    return source


def _end_of(output: str) -> str:
    return "\n".join(output.strip().splitlines()[-_TOLD_LINES:])
