"""What must not be in a log: tokens, secrets of launches, and whatever says who somebody is."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lti_tool.demo_lms.course import PEOPLE

_SECRETS = {
    "a signed token": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a bearer token": re.compile(r"[Bb]earer (?!\[hidden\])[\w.~+/-]{16,}"),
    "a ticket": re.compile(r"[?&]ticket=(?!\[hidden\])[\w-]{8,}"),
    "a form of a launch": re.compile(
        r"\b(?:id_token|client_assertion|access_token)\W{1,4}[\w-]{16,}"
    ),
    "a password in a URL": re.compile(r"://[^/\s:@]+:(?!\[hidden\])[^/\s@]+@"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
_NAMES = "|".join(re.escape(name) for one in PEOPLE for name in (one.given_name, one.family_name))
_PERSONAL = {
    "somebody's name": re.compile(rf"\b(?:{_NAMES})\b"),
    "an e-mail address": re.compile(
        "|".join(re.escape(one.email) for one in PEOPLE), re.IGNORECASE
    ),
}


def leaks(text: str, known: Collection[str] = ()) -> Iterator[str]:
    """Yield what a log tells that it must not, with the line; the secret itself is not repeated.

    `known`: names and tokens that the caller has planted and no pattern could tell.
    """
    planted = re.compile("|".join(map(re.escape, known)) or r"(?!)")
    for number, line in enumerate(text.splitlines(), start=1):
        for what, pattern in {**_SECRETS, **_PERSONAL, "what was planted": planted}.items():
            if pattern.search(line):
                yield f"line {number} tells {what}: {pattern.sub('█', line)[:200]}"


def leaks_of(folder: Path) -> list[str]:
    """Return the leaks of all logs of a state folder, with their file's name."""
    return [
        f"{file.name}, {leak}"
        for file in sorted(folder.glob("*.log*"))
        for leak in leaks(file.read_text(encoding="utf-8", errors="replace"))
    ]
