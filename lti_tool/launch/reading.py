"""Reading single claims out of a payload; each malformed one is named in a ClaimError."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from lti_tool.launch.errors import ClaimError

Payload = Mapping[str, object]

TEXT_LIMIT = 4096
"""Longest text that is taken from a claim; a longer one is malformed."""
LIST_LIMIT = 100
MOMENT_LIMIT = 1e12
"""Seconds from 1970 to far beyond any date."""


def named(name: str, of: str | None) -> str:
    """Return how a claim, or a member of one, is called in errors."""
    return f"{of}.{name}" if of else name


def optional_text(values: Payload, name: str, *, of: str | None = None) -> str | None:
    """Return a text of bounded length; None if it is absent or empty. Raises ClaimError."""
    value = values.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\0" in value:
        raise ClaimError(named(name, of), f"is not a text of at most {TEXT_LIMIT} characters")
    return value


def text(values: Payload, name: str, *, of: str | None = None) -> str:
    """Return a text of bounded length. Raises ClaimError, also if it is absent or empty."""
    value = optional_text(values, name, of=of)
    if value is None:
        raise ClaimError(named(name, of), "is missing")
    return value


def texts(values: Payload, name: str, *, of: str | None = None) -> tuple[str, ...]:
    """Return a list of texts, which may be empty. Raises ClaimError, also if it is absent."""
    value = values.get(name)
    if value is None:
        raise ClaimError(named(name, of), "is missing")
    if not isinstance(value, list) or len(value) > LIST_LIMIT:
        raise ClaimError(named(name, of), f"is not a list of at most {LIST_LIMIT} texts")
    found = tuple(item for item in value if isinstance(item, str))
    if len(found) != len(value):
        raise ClaimError(named(name, of), "holds something other than texts")
    return found


def moment(payload: Payload, name: str) -> float:
    """Return a moment in seconds since 1970. Raises ClaimError, also if it is absent."""
    value = payload.get(name)
    if value is None:
        raise ClaimError(name, "is missing")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _in_time(value):
        raise ClaimError(name, "is not a number of seconds")
    return value


def _in_time(seconds: float) -> bool:
    """Tell whether it is a moment at all: JSON readers take NaN, which is never too late."""
    return -MOMENT_LIMIT < seconds < MOMENT_LIMIT


def section(payload: Payload, name: str) -> Payload | None:
    """Return a claim that is an object; None if it is absent. Raises ClaimError."""
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ClaimError(name, "is not an object")
    return value


def web_url(values: Payload, name: str) -> str | None:
    """Return an http(s) URL; anything else there is treated as absent, not as an error."""
    value = values.get(name)
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\0" in value:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in {"http", "https"} and parts.hostname else None


def flag(values: Payload, name: str, *, otherwise: bool, of: str) -> bool:
    """Return a yes or no; some platforms write it as a text."""
    value = values.get(name)
    if value is None or value == "":
        return otherwise
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ClaimError(named(name, of), "is neither true nor false")
    return value
