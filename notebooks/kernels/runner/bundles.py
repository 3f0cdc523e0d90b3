"""Displayed values and errors of a kernel, read from its messages and bounded."""

import json
from collections.abc import Mapping
from typing import Any

from notebooks.kernels.records import Note, Output
from notebooks.kernels.runner.terminal import settled

MAX_IMAGE_BYTES = 1024 * 1024
MAX_TEXT_CHARACTERS = 64 * 1024
MAX_TRACEBACK_LINES = 200

_TEXT_KINDS = ("text/plain", "text/markdown", "text/latex")
_IMAGE_KINDS = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
_RICH_KINDS = ("text/html", *_IMAGE_KINDS)
_JSON = "application/json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_INTERACTIVE = "application/vnd."
"""How the kinds of plotly, Vega, Bokeh and their like begin."""
_MAX_NAME_CHARACTERS = 1000
_MAX_LINE_CHARACTERS = 2000
_LAST_LINES = 120
_GAP = "⋯"


def read_bundle(data: object) -> tuple[dict[str, str], int, Note | None]:
    """Return the kinds that a page may show, how many characters did not pass, and a word on them.

    Widgets and whatever else needs a program in the page fall back to their text.
    """
    if not isinstance(data, Mapping):
        return {}, 0, None
    kept: dict[str, str] = {}
    omitted = 0
    for kind in (*_RICH_KINDS, *_TEXT_KINDS):
        value = data.get(kind)
        if not isinstance(value, str):
            continue
        if kind in _IMAGE_KINDS and len(value) > MAX_IMAGE_BYTES:
            omitted += len(value)
            continue
        if kind == "text/plain":
            value = settled(value[: 2 * MAX_TEXT_CHARACTERS]) + value[2 * MAX_TEXT_CHARACTERS :]
        if kind in _TEXT_KINDS:
            omitted += max(0, len(value) - MAX_TEXT_CHARACTERS)
            value = value[:MAX_TEXT_CHARACTERS]
        kept[kind] = value
    text = _json(data.get(_JSON))
    if text is not None:
        kept[_JSON] = text
    return kept, omitted, _note(data, kept)


def read_error(content: Mapping[str, Any]) -> Output:
    """Return an error output; a long traceback keeps where it began and where it ended."""
    lines = content.get("traceback")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    text, omitted = _shortened(text)
    return Output(
        kind="error",
        ename=settled(str(content.get("ename", ""))[:_MAX_NAME_CHARACTERS]),
        evalue=settled(str(content.get("evalue", ""))[:_MAX_NAME_CHARACTERS]),
        text=settled(text),
        omitted_bytes=omitted,
    )


def _note(data: Mapping[str, Any], kept: Mapping[str, str]) -> Note | None:
    if _WIDGET in data:
        return Note(code="widget")
    others = sorted(str(kind)[:100] for kind in data if kind not in kept and kind != _JSON)
    known = {*_RICH_KINDS, *_TEXT_KINDS}
    others = [kind for kind in others if kind not in known]
    if not others or any(kind in kept for kind in _RICH_KINDS):
        return None
    if kept or any(kind.startswith(_INTERACTIVE) for kind in others):
        return Note(code="interactive")
    return Note(code="unknown_kind", params={"kinds": ", ".join(others[:5])})


def _json(value: object) -> str | None:
    if value is None:
        return None
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return None
    return text if len(text) <= MAX_TEXT_CHARACTERS else None


def _shortened(text: str) -> tuple[str, int]:
    """Return a traceback of bounded length, and how many characters were taken from it."""
    lines = text.split("\n")
    whole = len(text)
    if len(lines) > MAX_TRACEBACK_LINES:
        first = MAX_TRACEBACK_LINES - _LAST_LINES
        lines = [*lines[:first], _GAP, *lines[-_LAST_LINES:]]
    lines = [_shortened_line(line) for line in lines]
    text = "\n".join(lines)
    if len(text) > MAX_TEXT_CHARACTERS:
        half = MAX_TEXT_CHARACTERS // 2
        text = f"{text[:half]}\n{_GAP}\n{text[-half:]}"
    return text, max(0, whole - len(text))


def _shortened_line(line: str) -> str:
    if len(line) <= _MAX_LINE_CHARACTERS:
        return line
    half = _MAX_LINE_CHARACTERS // 2
    return f"{line[:half]}{_GAP}{line[-half:]}"
