"""What Otter Assign leaves of a cell for students: comments at the ends of lines say it."""

import re

from notebooks.cases.importers.markers import marker, parts, unmarked
from notebooks.cases.problems import ProblemLog

PROMPT = "..."
_BLOCK = marker("solution", r"^\s*#\s*BEGIN SOLUTION\b", r"#\s*END SOLUTION\s*$")
_IGNORE = marker("ignore", r"(?i)^\s*#\s*BEGIN\s+IGNORE\b", r"(?i)#\s*END\s+IGNORE\s*$")
_NO_PROMPT = re.compile(r"#\s*BEGIN SOLUTION NO PROMPT\b")
_DROPPED = re.compile(r"#\s*(SOLUTION NO PROMPT|BEGIN PROMPT|END PROMPT|SEED)\s*$")
_IGNORED_LINE = re.compile(r"#\s*IGNORE\s*$")
_SOLUTION_LINE = re.compile(r"#\s*SOLUTION\s*$")
_TARGET = re.compile(
    r"^(\s*[A-Za-z_][\w.]*(?:\[[^\]=]*\])*(?:\s*,\s*[A-Za-z_][\w.]*(?:\[[^\]=]*\])*)*\s*=)(?!=)"
)


def for_students(source: str, file: str, cell: int, log: ProblemLog) -> str:
    """Return a solution cell's source with `...` in the place of what students are to write."""
    kept: list[str] = []
    plain = without_ignored(source, file, cell, log)
    for part in parts(plain, _BLOCK, file=file, cell=cell, log=log):
        if not part.marked:
            kept += [line for one in part.text.split("\n") if (line := _line(one)) is not None]
        elif not _NO_PROMPT.search(part.opening):
            kept.append(f"{part.indent}{PROMPT}")
    return "\n".join(kept)


def without_ignored(source: str, file: str, cell: int, log: ProblemLog) -> str:
    """Return a cell's source without the lines that are for authors only."""
    left = unmarked(parts(source, _IGNORE, file=file, cell=cell, log=log))
    return "\n".join(line for line in left.split("\n") if not _IGNORED_LINE.search(line))


def _line(line: str) -> str | None:
    """Return what students see of a line; None if they do not see it."""
    if _DROPPED.search(line):
        return None
    if not _SOLUTION_LINE.search(line):
        return line
    target = _TARGET.match(line)
    indent = line[: len(line) - len(line.lstrip())]
    return f"{target[1]} {PROMPT}" if target else f"{indent}{PROMPT}"
