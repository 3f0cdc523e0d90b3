"""Calling uv: with wheels only, no configuration file, and few variables in its environment."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

from notebooks.environments.errors import EnvironmentBuildError
from notebooks.environments.layout import base_python, environment_python
from notebooks.environments.lock import Lock
from notebooks.environments.processes import run
from notebooks.environments.requirements import IPYKERNEL, RequirementLine
from notebooks.environments.uv_errors import explain, without_credentials

_ALWAYS = ("--no-config", "--no-python-downloads", "--no-progress", "--color", "never")
_WHEELS = ("--only-binary", ":all:")

_PASSED = frozenset(
    {
        "HOME",
        "XDG_CACHE_HOME",
        "TMPDIR",
        "NETRC",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "UV_DEFAULT_INDEX",
        "UV_INDEX",
        "UV_INDEX_URL",
        "UV_EXTRA_INDEX_URL",
        "UV_FIND_LINKS",
        "UV_INDEX_STRATEGY",
        "UV_EXCLUDE_NEWER",
        "UV_INSECURE_HOST",
        "UV_SYSTEM_CERTS",
        "UV_NATIVE_TLS",
        "UV_CACHE_DIR",
        "UV_OFFLINE",
        "UV_HTTP_TIMEOUT",
        "UV_HTTP_CONNECT_TIMEOUT",
        "UV_HTTP_RETRIES",
        "UV_CONCURRENT_DOWNLOADS",
        "UV_CONCURRENT_INSTALLS",
    }
)
"""Variables by which an operator says where packages come from and how they are reached."""
_INDEX_LOGIN = re.compile(r"UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)")
_FROM_PIP = {"PIP_INDEX_URL": "UV_INDEX_URL", "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL"}
"""What pip's variables are called for uv; they count where uv's own name no index."""
_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


def uv_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return those of our variables that uv is given: the operator's index, none of our secrets."""
    passed = {
        name: value
        for name, value in variables.items()
        if name in _PASSED or _INDEX_LOGIN.fullmatch(name)
    }
    if not any(passed.get(name) for name in _OWN_INDEX):
        passed |= {uv: variables[pip] for pip, uv in _FROM_PIP.items() if variables.get(pip)}
    return {**passed, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


async def resolve(lines: Sequence[RequirementLine], work: Path, log: Callable[[str], None]) -> Lock:
    """Return the lock of these requirements, using `work` for files.

    Raises:
        EnvironmentBuildError: No set of wheels meets them all, or a hash does not fit.
    """
    wanted, lock = work / "requirements.in", work / "requirements.lock"
    normal = {line.normal for line in lines}
    wanted.write_text("\n".join((*sorted(normal), IPYKERNEL)) + "\n", encoding="utf-8")
    arguments = ["pip", "compile", str(wanted), "--output-file", str(lock), *_WHEELS]
    arguments += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    await _uv([*arguments, "--python", str(base_python())], lines, work, log)
    return Lock(lock.read_text(encoding="utf-8")).restricted(lines)


async def install(
    lock: Lock,
    folder: Path,
    *,
    lines: Sequence[RequirementLine],
    work: Path,
    log: Callable[[str], None],
) -> None:
    """Install a lock into a new environment at `folder`.

    uv runs the environment's interpreter before anything is in it, and not afterwards.

    Raises:
        EnvironmentBuildError: A file cannot be had, or is not the one that the lock means.
    """
    wanted = work / "install.lock"
    wanted.write_text(lock.text, encoding="utf-8")
    base = ["--python", str(base_python())]
    await _uv(["venv", str(folder), *base, "--relocatable", "--quiet"], lines, work, log)
    own = ["--python", str(environment_python(folder))]
    arguments = ["pip", "sync", str(wanted), "--require-hashes", "--link-mode", "copy", *_WHEELS]
    await _uv([*arguments, *own], lines, work, log)


async def _uv(
    arguments: Sequence[str],
    lines: Sequence[RequirementLine],
    work: Path,
    log: Callable[[str], None],
) -> None:
    code, text = await run(
        [find_uv_bin(), *arguments, *_ALWAYS],
        environment=uv_environment(os.environ),
        folder=work,
        log=lambda line: log(without_credentials(line)),
    )
    if code != 0:
        raise EnvironmentBuildError((explain(text, lines),))
