"""What a case may require: names and versions from the configured index, nothing else.

A line that names another index, a file, a folder or a repository would make the build fetch or
run something that nobody vouches for; it is refused before uv sees it. uv is given none of the
text either, but what each line means, written anew.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from notebooks.environments.errors import EnvironmentBuildError, Fault

IPYKERNEL = "ipykernel==7.4.0"
"""In every environment, and pinned: the runner speaks its protocol."""

MAX_LINES = 500
"""Requirements in one file; comments do not count."""
MAX_LINE = 10_000
"""Characters of one line with all that continues it; a requirement with its hashes is long."""
MAX_TEXT = 256 * 1024
"""Characters of the whole text."""
_MAX_BRACKETS = 20
"""Parsers of markers go down one call for each."""
_SHOWN = 120
"""Characters of a refused line that its message repeats."""

_NEWLINE = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"(?:^|\s)--hash[=\s](?P<hash>\S+)")
_KNOWN_HASH = re.compile(r"sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})")
_OPTION = re.compile(r"--?[A-Za-z][\w-]*")
_ADDRESS = re.compile(r"^(git|hg|svn|bzr)\+|[a-z]+://|^file:", re.IGNORECASE)
_PATH = re.compile(r"^[./~\\]|^[A-Za-z]:[\\/]|^[^;]*[/\\]")

_INDEX = "whoever runs Casebook chooses the package index; leave this line out."
_OTHER_FILE = "other files are not read; write its lines here."
_OPTIONS = {
    **dict.fromkeys(("-r", "--requirement", "-c", "--constraint"), _OTHER_FILE),
    **dict.fromkeys(("-i", "--index-url", "--extra-index-url", "--index"), _INDEX),
    **dict.fromkeys(("-f", "--find-links", "--no-index", "--trusted-host"), _INDEX),
    **dict.fromkeys(("-e", "--editable"), "name a released package with its version instead."),
}
_ANY_OPTION = "write one package name with its version per line."


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement: what it means, and where it was written."""

    number: int
    """The line on which it begins, from 1."""
    text: str
    """As its author wrote it, without comment and hashes."""
    name: str
    """The package's canonical name."""
    normal: str
    """The requirement in its one normal form: ASCII, one line, no address, no option."""
    hashes: frozenset[str] = frozenset()
    """`sha256:…` of the files that alone may be installed; empty: any."""

    @property
    def identity(self) -> str:
        """Return all that decides what is installed."""
        return " ".join((self.normal, *sorted(self.hashes)))


def parse_requirements(text: str) -> tuple[RequirementLine, ...]:
    """Return the requirements in the order of their lines.

    Raises:
        EnvironmentBuildError: A line is no plain PEP 508 requirement; each such line is named.
    """
    if len(text) > MAX_TEXT:
        fault = Fault(None, None, f"more than {MAX_TEXT} characters; shorten the list.")
        raise EnvironmentBuildError((fault,))
    found: list[RequirementLine] = []
    faults: list[Fault] = []
    for number, line in _logical_lines(text.removeprefix("\ufeff")):
        if len(found) + len(faults) == MAX_LINES:
            faults.append(Fault(number, None, f"more than {MAX_LINES} requirements."))
            break
        try:
            found.append(_parse(number, line))
        except _RefusedError as refused:
            faults.append(Fault(number, shown(line), str(refused)))
    if faults:
        raise EnvironmentBuildError(faults)
    return tuple(found)


def identity_of(lines: Sequence[RequirementLine]) -> tuple[str, ...]:
    """Return what two lists have in common that ask for the same, in whatever order and words."""
    return tuple(sorted({line.identity for line in lines}))


def shown(line: str) -> str:
    """Return a line as a message may repeat it: printable, and not long."""
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)
    return printable if len(printable) <= _SHOWN else f"{printable[: _SHOWN - 1]}…"


class _RefusedError(Exception):
    """A line is refused; the message says why and what to do."""


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line that says something, joined with those that continue it, and its number."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(_NEWLINE.split(text), start=1):
        first = first if parts else number
        line = _COMMENT.sub("", raw)
        if line.endswith("\\") and line == raw:
            parts.append(line[:-1])
            continue
        joined = " ".join((*parts, line)).strip()
        parts = []
        if joined:
            yield first, joined
    if parts and (joined := " ".join(parts).strip()):
        yield first, joined


def _parse(number: int, line: str) -> RequirementLine:
    if len(line) > MAX_LINE:
        raise _RefusedError(f"more than {MAX_LINE} characters in one requirement.")
    if any(not one.isprintable() and one != "\t" for one in line):
        raise _RefusedError("it holds a control character; type the line anew.")
    if not line.isascii():
        raise _RefusedError("package names and versions are plain ASCII; type the line anew.")
    hashes = frozenset(match["hash"] for match in _HASH.finditer(line))
    if any(not _KNOWN_HASH.fullmatch(one) for one in hashes):
        raise _RefusedError("a hash is written sha256:, sha384: or sha512: and its hex digits.")
    text = _HASH.sub("", line).strip()
    requirement = _requirement(text)
    name = canonicalize_name(requirement.name)
    return RequirementLine(number, text, name, _normal(requirement), hashes)


def _requirement(text: str) -> Requirement:
    if text.startswith("-") or not text:
        option = _OPTION.match(text)
        why = _OPTIONS.get(option[0] if option else "", _ANY_OPTION)
        raise _RefusedError(f"options are not allowed here: {why}")
    if text.count("(") > _MAX_BRACKETS:
        raise _RefusedError(f"more than {_MAX_BRACKETS} brackets; write a simpler marker.")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        if _ADDRESS.search(text) or _PATH.search(text):
            raise _RefusedError(
                "files, folders, addresses and repositories are not allowed; "
                "name a package of the package index."
            ) from error
        raise _RefusedError(
            "this is not a package name with a version, such as `pandas==2.2.3`."
        ) from error
    if requirement.url is not None:
        raise _RefusedError(
            "files, addresses and repositories are not allowed; "
            "name a package of the package index."
        )
    return requirement


def _normal(requirement: Requirement) -> str:
    if any(specifier.operator == "===" for specifier in requirement.specifier):
        raise _RefusedError("`===` is not supported; write `==`.")
    normal = _written(requirement)
    try:
        same = _written(Requirement(normal)) == normal
    except InvalidRequirement:
        same = False
    # A marker may quote any text; uv would put a variable's value in the place of its name.
    if not same or "$" in normal:
        raise _RefusedError("its marker holds more than names, versions and plain words.")
    return normal


def _written(requirement: Requirement) -> str:
    extras = ",".join(sorted(canonicalize_name(extra) for extra in requirement.extras))
    written: str = canonicalize_name(requirement.name)
    written += f"[{extras}]" if extras else ""
    written += str(requirement.specifier)
    return written + (f" ; {requirement.marker}" if requirement.marker is not None else "")
