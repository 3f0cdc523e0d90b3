"""Run as a program: executes the snippets of the corpus in IPython and says what each raised.

    executing.py CORPUS OUT

writes one JSON line per snippet: for every cell, and for the call after them, the names of the
exception's classes and the lines that it passed through; null where all went well.
"""

import json
import sys
import traceback
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

Outcome = dict[str, list[str] | list[int]]


def outcome(shell: InteractiveShell, source: str) -> Outcome | None:
    result = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return None
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__)]
    return {"raised": [kind.__name__ for kind in type(error).__mro__], "lines": lines}


def main(corpus: Path, out: Path) -> None:
    shell = InteractiveShell.instance()
    flags = shell.compile.flags
    with out.open("w", encoding="utf-8") as file:
        for snippet in json.loads(corpus.read_text(encoding="utf-8")):
            shell.reset(new_session=True)  # type: ignore[no-untyped-call]
            shell.compile.flags = flags  # a future import would hold for the snippets after it
            shell.user_ns.update(dict.fromkeys(snippet.get("known", []), 1))
            cells: list[Outcome | None] = [None] * len(snippet["cells"])
            for number in snippet.get("order", range(len(cells))):
                cells[number] = outcome(shell, snippet["cells"][number])
            call = outcome(shell, snippet["call"]) if "call" in snippet else None
            print(json.dumps({"cells": cells, "call": call}), file=file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
