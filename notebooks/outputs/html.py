"""HTML of a cell, cleaned: tables and text markup stay, nothing that acts, loads, positions, names.

A parser of HTML may be made to build much from little: open elements nest without a bound, and
formatting ones are opened anew in every block. So what is too deep is refused before it is parsed.
"""

import re

import nh3
from markdown_it import MarkdownIt

from notebooks.text import storable

MAX_HTML = 400_000
"""Characters of one HTML output, before and after sanitising; a longer one is refused."""

_MAX_ROUNDS = 4
_MAX_TAGS = 60_000
_MAX_DEPTH = 200
_MAX_UNCLEAR_TAGS = 2000
"""Tags of HTML whose depth cannot be told without parsing it."""
_MAX_FORMATTING = 32
"""Formatting tags with attributes; only those differ from each other without an end."""

_TEXT_TAGS = {
    "a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li", "mark", "ol", "p", "pre", "q", "s",
    "samp", "small", "span", "strong", "sub", "summary", "sup", "u", "ul", "var",
}  # fmt: skip
_TABLE_TAGS = {
    "caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
_CELL = {"colspan", "rowspan"}

_CLEANER = nh3.Cleaner(
    tags=_TEXT_TAGS | _TABLE_TAGS,
    clean_content_tags={"script", "style"},
    attributes={
        "*": set(),
        "a": {"href", "title"},
        "td": _CELL,
        "th": {*_CELL, "scope"},
        "ol": {"start"},
    },
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

_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_FORMATTING = re.compile(
    r"<(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/]", re.IGNORECASE
)
_TAG = re.compile(
    r"""<(?:
      (?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*+)
      (?:\s++[a-zA-Z_:@][^\s"'<>/=]*+(?:\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'=<>`/]++))?+)*+
      \s*+/?>
    | !--[^<>]*+-->
    )""",
    re.VERBOSE,
)
_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
_RAW = {
    "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea",
    "title", "xmp",
}  # fmt: skip


def clean_html(markup: str) -> str | None:
    """Return what may be shown of a piece of HTML; None if it is too long or too deep to look at.

    The result is its own result: cleaning it again changes nothing.
    """
    if len(markup) > MAX_HTML:
        return None
    markup = _HIDDEN.sub("", storable(markup))
    if markup.count("<") > _MAX_TAGS or len(_FORMATTING.findall(markup)) > _MAX_FORMATTING:
        return None
    if not _is_shallow(markup) and markup.count("<") > _MAX_UNCLEAR_TAGS:
        return None
    return _settled(markup)


def has_content(clean: str) -> bool:
    """Return whether cleaned HTML shows anything: text, or a line."""
    return "<hr>" in clean or bool(re.sub(r"<[^>]*>|&nbsp;|\s", "", clean))


def render_markdown(text: str) -> str:
    """Return safe HTML for a CommonMark text with tables; raw HTML in it is shown as text."""
    return _CLEANER.clean(_MARKDOWN.render(storable(text)))


def _settled(markup: str) -> str | None:
    """Clean until nothing changes: nested links and tables are read otherwise than written."""
    clean = _CLEANER.clean(markup)
    for _ in range(_MAX_ROUNDS):
        if len(clean) > MAX_HTML:
            return None
        before, clean = clean, _CLEANER.clean(clean)
        if clean == before:
            return clean
    return None


def _is_shallow(markup: str) -> bool:
    """Return whether open elements surely nest less than `_MAX_DEPTH` deep.

    An end tag counts only if it closes what was opened last, and only if nothing in the text could
    be read otherwise by a parser; everything else is taken for deep.
    """
    open_tags: list[str] = []
    count = 0
    for match in _TAG.finditer(markup):
        count += 1
        name = (match["name"] or "").lower()
        if name in _RAW:
            return False
        if match["end"]:
            if open_tags and open_tags[-1] == name:
                open_tags.pop()
        elif name and name not in _VOID:
            open_tags.append(name)
            if len(open_tags) > _MAX_DEPTH:
                return False
    return count == markup.count("<")
