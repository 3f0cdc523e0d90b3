"""Points and spans of time as nanoseconds, from the text in which they left a sandbox."""

import re
from datetime import date, datetime, timedelta

from grading.comparison.nodes import NAT, Leaf, Sort, UnreadableError
from notebooks.kernels.values import Moment

SORTS = frozenset({Sort.MOMENT, Sort.ZONED, Sort.DURATION})

__all__ = ["NAT", "SORTS", "moment"]

_POINT = re.compile(
    r"^(?P<seconds>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d(?::?\d\d)?)?$"
)
_SPAN = re.compile(
    r"^(?P<sign>-?)P(?:(?P<days>-?\d{1,9})D)?"
    r"(?:T(?:(?P<hours>-?\d{1,9})H)?(?:(?P<minutes>-?\d{1,9})M)?"
    r"(?:(?P<seconds>-?\d{1,12})(?:\.(?P<fraction>\d{1,9}))?S)?)?$"
)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive moments are compared with naive moments
_SECOND = 10**9


def moment(value: Moment) -> Leaf:
    """Return the normal form of a date, time, timestamp, period, span or missing moment.

    Raises:
        UnreadableError: the text is not what the kind writes.
    """
    match value.t:
        case "nat" | "na":
            return Leaf(Sort.MISSING)
        case "date":
            return Leaf(Sort.DATE, _iso_date(value.v))
        case "time":
            return Leaf(Sort.TIME, value.v)
        case "period":
            return Leaf(Sort.PERIOD, value.v)
        case "timedelta":
            return Leaf(Sort.DURATION, _span(value.v))
        case _:
            return _point(value)


def _iso_date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise UnreadableError("not a date") from error


def _point(value: Moment) -> Leaf:
    found = _POINT.match(value.v)
    if found is None:
        raise UnreadableError("not a moment")
    try:
        local = datetime.fromisoformat(found["seconds"])
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{found['zone'] or ''}").utcoffset()
    except ValueError as error:
        raise UnreadableError("not a moment") from error
    whole = round((local - _EPOCH).total_seconds()) - round((offset or timedelta()).total_seconds())
    count = whole * _SECOND + int((found["fraction"] or "").ljust(9, "0"))
    return Leaf(Sort.MOMENT if offset is None and value.tz is None else Sort.ZONED, count)


def _span(text: str) -> int:
    found = _SPAN.match(text)
    if found is None:
        raise UnreadableError("not a span of time")
    seconds = int(found["seconds"] or 0)
    fraction = int((found["fraction"] or "").ljust(9, "0"))
    if (found["seconds"] or "").startswith("-"):
        fraction = -fraction
    minutes = int(found["hours"] or 0) * 60 + int(found["minutes"] or 0)
    whole = int(found["days"] or 0) * 86_400 + minutes * 60 + seconds
    return (-1 if found["sign"] else 1) * (whole * _SECOND + fraction)
