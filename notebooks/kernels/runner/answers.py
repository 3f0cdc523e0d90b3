"""Reading what a kernel answers: every reply is a claim, and may be anything of any size."""

from collections.abc import Mapping
from typing import Any

from notebooks.kernels.records import Completion, Inspection, Variable, Variables
from notebooks.kernels.runner.terminal import settled
from notebooks.text import storable

_MAX_MATCHES = 200
_MAX_MATCH_CHARACTERS = 1000
_MAX_INSPECTION_CHARACTERS = 20_000
_MAX_VARIABLES = 200
_MAX_VARIABLE_CHARACTERS = 200


def read_completion(reply: Mapping[str, Any]) -> Completion:
    """Read a kernel's reply; it is a claim, and may be anything."""
    matches, start, end = (reply.get(key) for key in ("matches", "cursor_start", "cursor_end"))
    if not isinstance(matches, list) or type(start) is not int or type(end) is not int:
        return Completion()
    texts = tuple(
        storable(match[:_MAX_MATCH_CHARACTERS])
        for match in matches[:_MAX_MATCHES]
        if isinstance(match, str)
    )
    if texts and all(text.startswith(".") for text in texts):
        # Attributes come with their dot; a page shows and replaces the name alone.
        return Completion(matches=tuple(text[1:] for text in texts), start=start + 1, end=end)
    return Completion(matches=texts, start=start, end=end)


def read_inspection(reply: Mapping[str, Any]) -> Inspection:
    """Read a description; the colours of a terminal stay, nothing else that acts does."""
    data = reply.get("data")
    text = data.get("text/plain") if isinstance(data, Mapping) else None
    return Inspection(text=settled(text[:_MAX_INSPECTION_CHARACTERS]) if type(text) is str else "")


def read_variables(reply: Mapping[str, Any]) -> Variables:
    """Read a kernel's list of its variables; it is a claim, and may be anything."""
    found, omitted = reply.get("variables"), reply.get("omitted")
    rows = found[:_MAX_VARIABLES] if isinstance(found, list) else []
    return Variables(
        variables=tuple(_variable(row) for row in rows if isinstance(row, Mapping)),
        omitted=omitted if type(omitted) is int and omitted > 0 else 0,
    )


def _variable(row: Mapping[str, Any]) -> Variable:
    values = {name: row.get(name) for name in Variable.model_fields}
    return Variable(
        **{
            name: storable(value[:_MAX_VARIABLE_CHARACTERS]) if isinstance(value, str) else ""
            for name, value in values.items()
        }
    )
