"""One change of a cell's text, by place. Text, not trees: what a person wrote stays as it is."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters from `start` to `end` of a cell by `text`."""

    start: int
    end: int
    text: str

    def apply(self, source: str) -> str:
        """Return the cell after the change."""
        return source[: self.start] + self.text + source[self.end :]


class Places:
    """Where the nodes of one cell's syntax tree stand in its text, in characters."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = source.split("\n")
        starts, position = [], 0
        for line in self._lines:
            starts.append(position)
            position += len(line) + 1
        self._starts = starts

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Return where a node begins."""
        return self._position(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Return where a node ends."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError("the tree was not parsed from text")
        return self._position(node.end_lineno, node.end_col_offset)

    def text(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return a node as it is written."""
        return self.source[self.start(node) : self.end(node)]

    def replace(self, node: ast.expr | ast.stmt | ast.keyword, text: str) -> Edit:
        """Return the edit that puts `text` in a node's place."""
        return Edit(self.start(node), self.end(node), text)

    def between(self, before: ast.expr, after: ast.expr) -> tuple[int, int]:
        """Return the gap between two neighbours, where an operator or a comma stands."""
        return self.end(before), self.start(after)

    def _position(self, line: int, column: int) -> int:
        # Columns of the tree count bytes of UTF-8.
        text = self._lines[line - 1]
        if text.isascii():
            return self._starts[line - 1] + column
        return self._starts[line - 1] + len(text.encode()[:column].decode(errors="replace"))
