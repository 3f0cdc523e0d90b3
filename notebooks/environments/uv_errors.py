"""From what uv printed to the requirement that is to blame, and a sentence or two about it."""

import re
import sys
import sysconfig
from collections.abc import Sequence

from packaging.utils import canonicalize_name

from notebooks.environments.errors import Fault
from notebooks.environments.requirements import IPYKERNEL, RequirementLine, shown

_MAX_MESSAGE = 800
_NO_WHEEL = re.compile(r"Wheels are required for `(?P<name>[^`]+)`")
_UNREACHABLE = re.compile(r"failed to fetch|error sending request|request failed", re.IGNORECASE)
_CREDENTIALS = re.compile(r"//[^/@\s`]+@")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def explain(output: str, lines: Sequence[RequirementLine]) -> Fault:
    """Return what uv's message says, beside the requirement that it names first, if any."""
    output = without_credentials(output)
    cause = re.search(r"cause:\s*(?P<text>.+?)(?=\n\s*hint:|\Z)", output, re.DOTALL)
    text = " ".join((cause["text"] if cause else output).split()).removeprefix("error: ")
    if _UNREACHABLE.search(output) and "No solution found" not in output:
        message = f"the package index could not be read; try again later. {text}"
        return Fault(None, None, message[:_MAX_MESSAGE])
    blamed = _blamed(text, lines)
    message = _message(output, text, blamed)[:_MAX_MESSAGE]
    if blamed is None:
        return Fault(None, None, message)
    return Fault(blamed.number, shown(blamed.text), message)


def without_credentials(text: str) -> str:
    """Return uv's output without what operators put into the address of their index."""
    return _CREDENTIALS.sub("//", text)


def _message(output: str, text: str, blamed: RequirementLine | None) -> str:
    missing = _NO_WHEEL.search(output)
    if missing:
        python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"{missing['name']} has no wheel for {python} on {sysconfig.get_platform()} in any "
            "version that would do, and nothing is built from source here. Pin a version that has "
            f"a wheel, or do without it. ({text})"
        )
    if blamed is not None and blamed.name == canonicalize_name(IPYKERNEL.partition("==")[0]):
        return f"every environment has {IPYKERNEL}; leave this line out. ({text})"
    return text or "uv failed and said nothing."


def _blamed(text: str, lines: Sequence[RequirementLine]) -> RequirementLine | None:
    words: list[str] = [canonicalize_name(word.rstrip(".")) for word in _WORD.findall(text)]
    found = [(words.index(line.name), line.number, line) for line in lines if line.name in words]
    return min(found, key=lambda one: one[:2])[2] if found else None
