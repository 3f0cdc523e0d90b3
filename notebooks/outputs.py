"""What a cell may show: outputs sanitised and bounded once, on the server; Markdown rendered.

Everything that a kernel says is untrusted. HTML keeps tables and text markup and nothing that
acts, loads, positions or names; SVG is only ever the data of an `<img>`, where scripts are inert.
"""

import base64
import binascii
import re

import nh3
from markdown_it import MarkdownIt

from notebooks.kernels.records import Output
from notebooks.text import storable

MAX_TEXT = 100_000
"""Characters of one text output; the rest is counted in `omitted_bytes`."""

MAX_HTML = 400_000
"""Characters of one HTML output before sanitising; longer ones fall back to their text."""

MAX_IMAGE = 1_500_000
"""Characters of one image: about 1 MB in base64."""

MAX_OUTPUTS = 100
"""Outputs of one run."""

_TEXT_KINDS = ("text/plain", "text/latex", "text/markdown")
_RASTER_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_SVG = re.compile(r"<svg[\s>]", re.IGNORECASE)

_TEXT_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strong", "sub", "summary", "sup", "u", "ul", "var",
}  # fmt: skip
_TABLE_TAGS = {
    "caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
_CELL = {"colspan", "rowspan", "headers"}

_CLEANER = nh3.Cleaner(
    tags=_TEXT_TAGS | _TABLE_TAGS,
    clean_content_tags={"script", "style"},
    attributes={"a": {"href", "title"}, "td": _CELL, "th": {*_CELL, "scope"}, "ol": {"start"}},
    allowed_classes={"table": {"dataframe"}},
    generic_attribute_prefixes=set(),
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    strip_comments=True,
)

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
    ["table", "strikethrough"]
)


def sanitise(output: Output) -> Output:
    """Return what of an output may be stored and shown, bounded; the input is left alone.

    Streams and tracebacks keep their beginning. A MIME bundle keeps the kinds that pages can
    show; where none remains, a line of text says so.
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
            }
        )
    data: dict[str, str] = {}
    omitted = output.omitted_bytes
    for kind, content in output.data.items():
        kept, cut = _content(kind, content)
        omitted += cut
        if kept:
            data[kind] = kept
    if not data and output.data:
        kinds = ", ".join(sorted(output.data))
        data["text/plain"] = storable(f"[This output cannot be shown here: {kinds[:200]}]")
    return Output(kind=output.kind, data=data, omitted_bytes=omitted)


def append_text(output: Output, text: str) -> tuple[Output, str]:
    """Return a stream output with `text` added as far as it fits, and the part that was added."""
    text = storable(text)
    added = text[: max(0, MAX_TEXT - len(output.text))]
    cut = _size(text[len(added) :])
    longer = {"text": output.text + added, "omitted_bytes": output.omitted_bytes + cut}
    return output.model_copy(update=longer), added


def left_out() -> Output:
    """Return the notice that stands in the place of the first output beyond `MAX_OUTPUTS`."""
    text = f"[More than {MAX_OUTPUTS} outputs: the rest was left out.]\n"
    return Output(kind="stream", name="stderr", text=text)


def render_markdown(text: str) -> str:
    """Return safe HTML for a CommonMark text with tables; raw HTML in it is shown as text."""
    return _CLEANER.clean(_MARKDOWN.render(storable(text)))


def _content(kind: str, content: str) -> tuple[str | None, int]:
    """Return what is kept of one kind of a bundle, and how many bytes the limits cut."""
    if kind in _TEXT_KINDS:
        return _bounded(content)
    if kind == "text/html":
        if len(content) > MAX_HTML:
            return None, _size(content)
        return _CLEANER.clean(storable(content)), 0
    if kind in _RASTER_STARTS or kind == "image/svg+xml":
        if len(content) > MAX_IMAGE:
            return None, _size(content)
        return _image(kind, content), 0
    return None, 0


def _image(kind: str, content: str) -> str | None:
    if kind == "image/svg+xml":
        return storable(content) if _SVG.search(content) else None
    try:
        raw = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(_RASTER_STARTS[kind]) else None


def _bounded(text: str) -> tuple[str, int]:
    kept = storable(text[:MAX_TEXT])
    return kept, _size(text[MAX_TEXT:])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
