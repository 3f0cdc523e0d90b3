"""One output, made fit for storing and showing."""

from notebooks.kernels.records import Note, Output
from notebooks.outputs.html import clean_html, has_content, render_markdown
from notebooks.outputs.images import MAX_IMAGE, TooLarge, clean_raster
from notebooks.outputs.svg import clean_svg
from notebooks.text import storable

MAX_TEXT = 100_000
"""Characters of one text output; the rest is counted in `omitted_bytes`."""

MAX_OUTPUTS = 100
"""Outputs of one run."""

_TEXT_KINDS = ("text/plain", "text/latex", "text/markdown", "application/json")
_RASTER_KINDS = ("image/png", "image/jpeg", "image/gif")
_SVG = "image/svg+xml"
_STYLED_TABLE = '<table id="T_'
"""How a table with colours of its own (pandas' Styler) begins; they are taken away."""


def sanitise(output: Output) -> Output:
    """Return what of an output may be stored and shown, bounded; the input is left alone.

    Streams and tracebacks keep their beginning. A MIME bundle keeps the kinds that pages can show;
    Markdown gets its HTML beside it. A note says what is missing, where that is worth a word.
    """
    if output.kind in ("stream", "error"):
        text, cut = _bounded(output.text)
        return output.model_copy(
            update={
                "text": text,
                "ename": storable(output.ename)[:200],
                "evalue": storable(output.evalue)[:10_000],
                "data": {},
                "omitted_bytes": output.omitted_bytes + cut,
                "note": _storable_note(output.note),
            }
        )
    bundle = _Bundle(output)
    for kind, content in output.data.items():
        bundle.add(kind, content)
    return bundle.output()


def with_text(output: Output, text: str, start: int | None = None) -> tuple[Output, int, str]:
    """Return a stream output whose text is `text` from character `start` on (None: its end).

    Also where the change begins and what is there now, as far as it fits.
    """
    text = storable(text)
    start = len(output.text) if start is None else min(start, len(output.text))
    kept = text[: max(0, MAX_TEXT - start)]
    cut = _size(text[len(kept) :])
    changed = {
        "text": output.text[:start] + kept,
        "omitted_bytes": output.omitted_bytes + cut,
    }
    return output.model_copy(update=changed), start, kept


def left_out() -> Output:
    """Return the notice that stands in the place of the first output beyond `MAX_OUTPUTS`."""
    return Output(kind="display", note=Note(code="more_outputs"))


class _Bundle:
    """What is kept of a MIME bundle, kind by kind."""

    def __init__(self, output: Output) -> None:
        self._given = output
        self._data: dict[str, str] = {}
        self._omitted = output.omitted_bytes
        self._note = _storable_note(output.note)

    def add(self, kind: str, content: str) -> None:
        if kind in _TEXT_KINDS:
            self._data[kind], cut = _bounded(content)
            self._omitted += cut
        elif kind == "text/html":
            self._add_html(content)
        elif kind in _RASTER_KINDS or kind == _SVG:
            self._add_picture(kind, content)

    def output(self) -> Output:
        markdown = self._data.get("text/markdown")
        if markdown is not None and "text/html" not in self._data:
            html = clean_html(render_markdown(markdown))
            if html is not None:
                self._data["text/html"] = html
        if not self._data and self._given.data and self._note is None:
            kinds = ", ".join(sorted(self._given.data))[:200]
            self._note = Note(code="unknown_kind", params={"kinds": storable(kinds)})
        return Output(
            kind=self._given.kind,
            data=self._data,
            omitted_bytes=self._omitted,
            note=self._note,
        )

    def _add_html(self, content: str) -> None:
        clean = clean_html(content)
        if clean is None:
            self._omitted += _size(content)
        elif has_content(clean):
            self._data["text/html"] = clean
            if _STYLED_TABLE in content:
                self._say(Note(code="plain_table"))
        elif has_content(content):
            # Nothing but scripts and what they would fill.
            self._say(Note(code="interactive"))

    def _add_picture(self, kind: str, content: str) -> None:
        if len(content) > MAX_IMAGE:
            self._omitted += _size(content)
            return
        clean = clean_svg(content) if kind == _SVG else clean_raster(kind, content)
        if isinstance(clean, TooLarge):
            size = {"width": str(clean.width), "height": str(clean.height)}
            self._say(Note(code="large_picture", params=size))
        elif clean is not None:
            self._data[kind] = clean

    def _say(self, note: Note) -> None:
        if self._note is None:
            self._note = note


def _storable_note(note: Note | None) -> Note | None:
    if note is None:
        return None
    params = {name: storable(value)[:500] for name, value in note.params.items()}
    return note.model_copy(update={"params": params})


def _bounded(text: str) -> tuple[str, int]:
    kept = storable(text[:MAX_TEXT])
    return kept, _size(text[MAX_TEXT:])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
