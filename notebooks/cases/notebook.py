"""Reading a notebook file into plain cells, with a problem for whatever is not as it should be."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.problems import ProblemLog
from notebooks.text import storable

_FORMAT = 4
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SUBTASK = "subtask:"
_NO_REPLAY = "no-replay"
MAX_CELLS = 500
MAX_SOURCE = 200_000
"""Characters of one cell of a case."""
_MAX_SHOWN = 20_000
_KERNELS = {"ir": "r", "julia": "julia", "xcpp": "c++", "scala": "scala", "octave": "octave"}
"""Languages of kernels by how the kernel's name begins, for notebooks that name no language."""


@dataclass(frozen=True, slots=True)
class RawCell:
    """A cell as the file has it; `number` counts all cells of the file from 1."""

    number: int
    id: str
    kind: Literal["markdown", "code", "raw"]
    source: str
    tags: tuple[str, ...]
    nbgrader: Mapping[str, Any] | None = None
    """nbgrader's metadata, as the file has them."""
    shown: str = ""
    """What the file's outputs show as plain text, bounded."""


def read_notebook(
    text: str, file: str, log: ProblemLog, *, raw_cells: bool = False
) -> tuple[RawCell, ...]:
    """Return a notebook's markdown and code cells; raw cells too if they are wanted.

    All metadata but tags and nbgrader's are ignored. The log names what cannot be used: another
    format or language, malformed cells, code that does not compile.
    """
    data = _load(text, file, log)
    if data is None:
        return ()
    language = _language(data)
    if language not in (None, "python"):
        log.add(file, f"The notebook's language is {language}: only Python notebooks are judged.")
        return ()
    if len(data["cells"]) > MAX_CELLS:
        log.add(file, f"The notebook has more than {MAX_CELLS} cells.")
        return ()
    cells: list[RawCell] = []
    for number, raw in enumerate(data["cells"], start=1):
        cell = _cell(raw, number, {one.id for one in cells}, file, log)
        if cell is not None and (raw_cells or cell.kind != "raw"):
            cells.append(cell)
    return tuple(cells)


def tagged(
    cells: Iterable[RawCell], subtasks: Iterable[str], file: str, log: ProblemLog
) -> tuple[Cell, ...]:
    """Return the document's cells, each with the subtask that its tag `subtask:ID` names."""
    known = tuple(subtasks)
    made = []
    for cell in cells:
        named = [tag.removeprefix(_SUBTASK) for tag in cell.tags if tag.startswith(_SUBTASK)]
        if len(named) > 1:
            names = " and ".join(named)
            log.add(file, f"The cell is tagged for several subtasks: {names}.", cell=cell.number)
        for name in named:
            if name not in known:
                message = f"The tag names a subtask {name}, which case.yaml has not: it has "
                log.add(file, f"{message}{', '.join(known)}.", cell=cell.number)
        made.append(document_cell(cell, named[0] if named else None))
    return tuple(made)


def document_cell(cell: RawCell, subtask: str | None) -> Cell:
    """Return a file's cell as a document's."""
    replay = _NO_REPLAY not in cell.tags
    kind: Literal["markdown", "code"] = "code" if cell.kind == "code" else "markdown"
    return Cell(id=cell.id, kind=kind, source=cell.source, subtask=subtask, replay=replay)


def _load(text: str, file: str, log: ProblemLog) -> dict[str, Any] | None:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        log.add(file, f"This is not a notebook: {error.msg}.", line=error.lineno)
        return None
    except (ValueError, RecursionError) as error:
        log.add(file, f"This is not a notebook: {error}.")
        return None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        log.add(file, "This is not a notebook: it names no `nbformat`.")
    elif data["nbformat"] != _FORMAT or not isinstance(data.get("cells"), list):
        message = f"Notebook format {data['nbformat']} is not read."
        log.add(file, f"{message} Open it in Jupyter and save it again.")
    else:
        return data
    return None


def _language(data: Mapping[str, Any]) -> str | None:
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        return None
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        part = metadata.get(key)
        if isinstance(part, dict) and isinstance(part.get(field), str):
            return str(part[field]).lower()
    kernel = metadata.get("kernelspec")
    name = str(kernel.get("name", "")).lower() if isinstance(kernel, dict) else ""
    return next((language for begin, language in _KERNELS.items() if name.startswith(begin)), None)


def _cell(
    raw: Any,  # noqa: ANN401 - whatever JSON holds
    number: int,
    taken: set[str],
    file: str,
    log: ProblemLog,
) -> RawCell | None:
    kind = raw.get("cell_type") if isinstance(raw, dict) else None
    source = _joined(raw.get("source")) if isinstance(raw, dict) else None
    if kind not in ("markdown", "code", "raw") or source is None:
        log.add(file, "This is not a cell of a notebook.", cell=number)
        return None
    if len(source) > MAX_SOURCE:
        log.add(file, f"The cell is longer than {MAX_SOURCE} characters.", cell=number)
        return None
    if kind == "code":
        try:
            code.parse(source)
        except SyntaxError as error:
            message = f"The code does not compile: {error.msg}."
            log.add(file, message, cell=number, line=error.lineno)
    return RawCell(
        number=number,
        id=_identity(raw.get("id"), number, taken),
        kind=kind,
        source=source,
        tags=_tags(raw),
        nbgrader=_nbgrader(raw),
        shown=_shown(raw.get("outputs")) if kind == "code" else "",
    )


def _joined(source: object) -> str | None:
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    return storable(source) if isinstance(source, str) else None


def _tags(raw: Mapping[str, Any]) -> tuple[str, ...]:
    metadata = raw.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _nbgrader(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    metadata = raw.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else None


def _shown(outputs: object) -> str:
    """Return what outputs show as text: standard output and the value of the last line."""
    texts = []
    for output in outputs if isinstance(outputs, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        plain = data.get("text/plain") if isinstance(data, dict) else None
        printed = output.get("text") if output.get("name") != "stderr" else None
        texts += [_joined(printed) or "", _joined(plain) or ""]
    return "".join(texts)[:_MAX_SHOWN]


def _identity(given: object, number: int, taken: set[str]) -> str:
    """Return the cell's own id where it is usable, else one made from its place."""
    if isinstance(given, str) and _ID.fullmatch(given) and given not in taken:
        return given
    made = f"cell-{number}"
    while made in taken:
        made += "x"
    return made
