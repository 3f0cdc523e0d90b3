"""The files below `hidden/`: right answers that `file` probes are scored against."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from notebooks.cases.files import PROFILE
from notebooks.cases.keyed import Fault, numbers, read_column
from notebooks.cases.probes import CLASS_METRICS, FileProbe
from notebooks.cases.problems import Problem
from notebooks.cases.profile import Profile

_WORDS: Mapping[str, str] = {
    "file_unreadable": "This file cannot be read as CSV in UTF-8.",
    "file_column": "This file has no column {name}; its columns: {names}.",
    "file_short": "A row has fewer fields than the header.",
    "file_twice": "The key {first} is there twice.",
    "file_many": "The file has more than {count} rows.",
    "file_number": "The value {observed} of {first} is no number, which the metric needs.",
}


def hidden_faults(
    profile: Profile, files: Mapping[str, Path]
) -> Iterator[tuple[int, int, Problem]]:
    """Yield (index of the subtask, index of its probe, what is wrong with its right answers)."""
    for index, subtask in enumerate(profile.subtasks):
        for number, probe in enumerate(subtask.probes):
            if isinstance(probe, FileProbe) and (problem := _problem(probe, files)) is not None:
                yield index, number, problem


def _problem(probe: FileProbe, files: Mapping[str, Path]) -> Problem | None:
    path = files.get(probe.against)
    if path is None:
        return Problem(PROFILE, None, None, f"`against`: there is no file {probe.against}.")
    labels = right_answers(probe, path.read_bytes())
    if isinstance(labels, Fault):
        return Problem(probe.against, None, labels.line, _WORDS[labels.kind].format(**labels.facts))
    if not labels:
        return Problem(probe.against, None, None, "This file holds no rows.")
    return None


def right_answers(
    probe: FileProbe, content: bytes
) -> Mapping[str, str] | Mapping[str, float] | Fault:
    """Return the right answer of each key: numbers if all are, or else texts.

    Texts are none for a metric of numbers.
    """
    column = read_column(content, probe.key, probe.column)
    if isinstance(column, Fault):
        return column
    found = numbers(column)
    return column if isinstance(found, Fault) and probe.metric in CLASS_METRICS else found
