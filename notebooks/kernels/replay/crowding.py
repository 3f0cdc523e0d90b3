"""Whether an answer holds more values than an honest child would send, told before it is parsed.

Parsed, a value takes a hundred times the bytes that it takes in JSON, and so does a key that nobody
knows: without this bound an answer within the bound of bytes costs a gigabyte.
"""

import re
from typing import Final

MAX_VALUES: Final = 250_000
"""Objects of one answer; a child counts its own up to 200,000 (`inside.encode.MAX_ITEMS`)."""
MAX_KEYS: Final = 3 * MAX_VALUES
"""Keys of all objects; almost every value has two."""

_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"')


def is_crowded(line: bytes) -> bool:
    """Tell whether a line of JSON holds too many values or keys, whatever its texts hold."""
    if not _beyond(line):
        return False
    return _beyond(_TEXT.sub(b"", line))


def _beyond(line: bytes) -> bool:
    return line.count(b"{") > MAX_VALUES or line.count(b":") > MAX_KEYS
