"""From what uv printed to the requirement that is to blame, and one sentence about it."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_MAX_MESSAGE = 800


def explain(output: str, lines: tuple[str, ...]) -> tuple[str | None, str]:
    """Return the requirement line that uv's message names first, if any, and the message."""
    cause = re.search(r"cause:\s*(?P<text>.+)", output, re.DOTALL)
    text = " ".join((cause["text"] if cause else output).split()).removeprefix("error: ")
    message = text[:_MAX_MESSAGE] or "uv failed and said nothing."
    return _blamed(text, lines), message


def _blamed(text: str, lines: tuple[str, ...]) -> str | None:
    words = [canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", text)]
    found = {
        line: words.index(name)
        for line in lines
        if (name := canonicalize_name(Requirement(line).name)) in words
    }
    return min(found, key=lambda line: found[line]) if found else None
