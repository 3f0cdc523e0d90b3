"""Small cases on disk."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROFILE = """\
title: A small case
description: Two steps.
subtasks:
  - id: load
    title: Load
    points: 1
    interface: [rows]
  - id: mean
    title: Mean
    points: 2
    interface: ["mean(values)"]
    probes:
      - {kind: call, function: mean, args: [[1, 2]]}
      - kind: value
        expression: mean(rows)
"""
Cells = Sequence[tuple[str, str] | tuple[str, str, list[str]]]
CELLS: Cells = [
    ("markdown", "# A small case\n\nHello."),
    ("markdown", "## Load", ["subtask:load"]),
    ("code", "import csv\nrows = [1, 2, 3]", ["subtask:load"]),
    ("markdown", "## Mean", ["subtask:mean"]),
    ("code", 'def mean(values):\n    """Mean of them."""\n    return sum(values) / len(values)',
     ["subtask:mean"]),
    ("code", "print(mean(rows))", ["no-replay"]),
]  # fmt: skip


def notebook(cells: Cells = CELLS, **metadata: Any) -> str:
    made: list[dict[str, Any]] = [
        {
            "cell_type": cell[0],
            "source": cell[1],
            "metadata": {"tags": cell[2]} if len(cell) > 2 else {},
            **({"outputs": [], "execution_count": None} if cell[0] == "code" else {}),
        }
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4})


FILES: Mapping[str, str] = {
    "case.yaml": PROFILE,
    "solution.ipynb": notebook(),
    "requirements.txt": "numpy\n",
    "data/rows.csv": "1\n2\n",
    "data/more/x.txt": "x",
    "README.md": "for authors",
}


def folder(at: Path, files: Mapping[str, str] = FILES, **changes: str | None) -> Path:
    """Write a case; a change to None leaves a file out (`case_yaml=None`)."""
    names = {name.replace(".", "_").replace("/", "__"): name for name in files}
    changed = {names.get(key, key): value for key, value in changes.items()}
    for name, text in {**files, **changed}.items():
        if text is not None:
            path = at / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return at


def zipped(at: Path, files: Mapping[str, str | bytes] = FILES, prefix: str = "") -> Path:
    at.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(at, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(prefix + name, content)
    return at
