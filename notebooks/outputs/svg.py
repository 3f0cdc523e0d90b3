"""SVG of a cell: only ever the data of an `<img>`, where scripts are inert and nothing is loaded.

What could still keep a browser busy there (references that multiply, filters, animations, entities)
is refused, whole: a drawing without some of its parts would be a wrong one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from notebooks.outputs.images import MAX_SIDE, TooLarge, clean_raster
from notebooks.text import storable

_MAX_ELEMENTS = 50_000
_MAX_DEPTH = 100
_MAX_DRAWN = 200_000
"""Elements of a drawing once its references are followed."""

_SHAPES = {
    "svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text",
    "tspan", "textPath", "use", "symbol", "clipPath", "mask", "marker", "pattern", "image",
    "linearGradient", "radialGradient", "stop", "style", "title", "desc",
}  # fmt: skip
_NAMESPACES = {"", "http://www.w3.org/2000/svg"}
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")\s]+)")
_FORBIDDEN_STYLE = re.compile(r"@|\\|url\(|filter|animation", re.IGNORECASE)
_INLINE_PICTURE = re.compile(r"\s*data:(image/(?:png|jpeg|gif));base64,(.*)", re.DOTALL)
_LENGTH = re.compile(r"\s*\+?(\d+(?:\.\d*)?|\.\d+)\s*(px|pt|in|cm|mm|pc|em|ex|rem|%)?\s*$")
_PIXELS_PER_UNIT = {
    "": 1, "px": 1, "pt": 4 / 3, "pc": 16, "in": 96, "cm": 38, "mm": 3.8, "em": 16, "ex": 8,
    "rem": 16, "%": 10,
}  # fmt: skip
_WHOLE = ""
"""Stands for the drawing among the ids."""


def clean_svg(content: str) -> str | TooLarge | None:
    """Return an SVG drawing; None if it is none or not a harmless one, its size if too large."""
    text = storable(content)
    drawing = _Drawing()
    try:
        drawing.read(text)
    except (expat.ExpatError, _RefusedError):
        return None
    if max(drawing.width, drawing.height) > MAX_SIDE:
        return TooLarge(int(drawing.width), int(drawing.height))
    return text


class _RefusedError(Exception):
    """The drawing holds something that a drawing here may not hold."""


@dataclass
class _Drawing:
    """A drawing as it is read: its size, and how much is drawn where."""

    width: float = 0
    height: float = 0
    elements: int = 0
    stack: list[str] = field(default_factory=list)
    """For each open element its id, or the nearest one around it."""
    weights: dict[str, int] = field(default_factory=dict)
    """How many elements belong to each id, those with ids of their own left out."""
    references: dict[str, list[str]] = field(default_factory=dict)
    """What is drawn with each id: what it refers to, and the ids within."""
    in_style: bool = False
    skipped: int = 0
    """Depth within metadata, which describe the drawing and are not drawn."""

    def read(self, text: str) -> None:
        """Read all of it; raises ExpatError or _RefusedError."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = _refuse
        parser.ProcessingInstructionHandler = _refuse
        parser.Parse(text.encode(), True)  # noqa: FBT003 - expat's: this is the end of the data
        self._drawn(_WHOLE, {}, ())

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition(" ")
        self.elements += 1
        if self.elements > _MAX_ELEMENTS or len(self.stack) + self.skipped > _MAX_DEPTH:
            raise _RefusedError
        if self.skipped or name == "metadata":
            self.skipped += 1
            return
        if name not in _SHAPES or namespace not in _NAMESPACES:
            raise _RefusedError
        around = self.stack[-1] if self.stack else _WHOLE
        if not self.stack:
            if name != "svg":
                raise _RefusedError
            self.width = _pixels(attributes.get("width", ""))
            self.height = _pixels(attributes.get("height", ""))
        own = attributes.get("id") or around
        if own != around:
            self.references.setdefault(around, []).append(own)
        self.stack.append(own)
        self.in_style = name == "style"
        self.weights[own] = self.weights.get(own, 0) + 1
        self.references.setdefault(own, []).extend(_references(name, attributes))

    def _text(self, text: str) -> None:
        if self.in_style and _FORBIDDEN_STYLE.search(text):
            raise _RefusedError

    def _end(self, _tag: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        self.in_style = False
        self.stack.pop()

    def _drawn(self, name: str, known: dict[str, int], around: tuple[str, ...]) -> int:
        """Return how many elements are drawn for an id; refuses circles and what grows too much."""
        if name in known:
            return known[name]
        if name in around or len(around) > _MAX_DEPTH:
            raise _RefusedError
        total = self.weights.get(name, 0)
        for reference in self.references.get(name, ()):
            total += self._drawn(reference, known, (*around, name))
            if total > _MAX_DRAWN:
                raise _RefusedError
        known[name] = total
        return total


def _references(name: str, attributes: dict[str, str]) -> Iterator[str]:
    """Yield the ids that an element refers to; refuses what acts or lies elsewhere."""
    for attribute, value in attributes.items():
        plain = attribute.rpartition(" ")[2].lower()
        if plain.startswith("on") or plain == "filter" or "\\" in value:
            raise _RefusedError
        if plain == "style" and "filter" in value.lower():
            raise _RefusedError
        if plain == "href":
            if value.startswith("#"):
                yield value[1:]
                continue
            picture = _INLINE_PICTURE.match(value) if name == "image" else None
            if picture is None or not isinstance(clean_raster(picture[1], picture[2]), str):
                raise _RefusedError
        else:
            yield from _REFERENCE.findall(value)


def _refuse(*_arguments: object) -> None:
    raise _RefusedError


def _pixels(length: str) -> float:
    """Return a length in pixels, roughly; 0 where none is given."""
    if not length.strip():
        return 0
    match = _LENGTH.match(length)
    if match is None:
        raise _RefusedError
    return float(match[1]) * _PIXELS_PER_UNIT[match[2] or ""]
