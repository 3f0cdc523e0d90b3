"""What a case may require: names and versions from the configured index, nothing else.

A line that names another index, a file, a folder or a repository would make the build fetch or
run something that nobody vouches for; it is refused before uv sees it.
"""

import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from notebooks.environments.errors import EnvironmentBuildError

IPYKERNEL = "ipykernel==7.4.0"
"""In every environment, and pinned: the runner speaks its protocol."""

_MAX_LINES = 500
_COMMENT = re.compile(r"(^|\s)#.*$")
_CONTINUATION = re.compile(r"\\\r?\n")
_HASH = re.compile(r"\s+--hash=sha(256|384|512):[0-9a-f]+")


def parse_requirements(text: str) -> tuple[str, ...]:
    """Return the requirement lines, without comments.

    Raises:
        EnvironmentBuildError: A line is no plain PEP 508 requirement; it is named.
    """
    lines = tuple(_lines(text))
    if len(lines) > _MAX_LINES:
        raise EnvironmentBuildError(None, f"more than {_MAX_LINES} requirements; shorten the list.")
    for line in lines:
        _check(line)
    return lines


def _lines(text: str) -> Iterator[str]:
    for raw in _CONTINUATION.sub(" ", text).splitlines():
        line = _HASH.sub("", _COMMENT.sub("", raw)).strip()
        if line:
            yield line


def _check(line: str) -> None:
    if line.startswith("-"):
        raise EnvironmentBuildError(
            line, "options are not allowed here; write one package name with its version per line."
        )
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        raise EnvironmentBuildError(
            line, "not a package name with a version; paths and addresses are not allowed."
        ) from error
    if requirement.url is not None:
        raise EnvironmentBuildError(
            line, "files and repositories are not allowed; name a package of the package index."
        )
