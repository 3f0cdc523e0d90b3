"""Ruff as a subprocess: text in, findings by row and column out."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruff import find_ruff_bin  # type: ignore[import-untyped] # it has no types

from grading.errors import LinterError
from grading.rules.catalogue import SYNTAX, catalogue

TIMEOUT_SECONDS = 10.0
PYTHON = f"py{sys.version_info.major}{sys.version_info.minor}"
"""The Python that runs the kernels: environments are made for the server's own."""


@dataclass(frozen=True, slots=True)
class Report:
    """One finding; rows and columns from 1, columns in characters."""

    code: str
    row: int
    column: int
    end_row: int
    end_column: int
    message: str


def check(
    texts: Sequence[str], *, codes: Sequence[str], python: str = PYTHON
) -> list[list[Report]]:
    """Return what ruff finds in each text, in its order.

    Raises:
        LinterError: ruff did not end in time or did not answer as it should.
    """
    if not texts:
        return []
    with tempfile.TemporaryDirectory(prefix="casebook-rules-") as folder:
        names = [f"{number:05}.py" for number in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            data = (text + "\n").encode("utf-8", errors="replace")
            (Path(folder) / name).write_bytes(data)
        found = _run(Path(folder), names, codes, python)
    reports: list[list[Report]] = [[] for _ in texts]
    for number, report in found:
        reports[number].append(report)
    return reports


def _run(
    folder: Path, names: Sequence[str], codes: Sequence[str], python: str
) -> list[tuple[int, Report]]:
    builtins = json.dumps(list(catalogue().builtins))
    command = [
        *(
            find_ruff_bin(),
            "check",
            "--isolated",
            "--no-cache",
            "--quiet",
            "--no-fix",
            "--exit-zero",
        ),
        *("--output-format", "json", "--target-version", python, "--select", ",".join(codes)),
        *("--config", f"builtins={builtins}", *names),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and file names of our own
            command,
            cwd=folder,
            env={"RAYON_NUM_THREADS": "1"},
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        return [_record(item) for item in json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise LinterError(f"ruff did not check the notebook: {error}") from error


def _record(item: dict[str, object]) -> tuple[int, Report]:
    match item:
        case {
            "filename": str(filename),
            "code": str() | None as code,
            "message": str(message),
            "location": {"row": int(row), "column": int(column)},
            "end_location": {"row": int(end_row), "column": int(end_column)},
        }:
            report = Report(code or SYNTAX, row, column, end_row, end_column, message)
            return int(Path(filename).stem), report
        case _:
            raise ValueError(f"a finding without its fields: {item}")
