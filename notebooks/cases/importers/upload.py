"""The upload of four files: profile, template, data set and requirements.

They come under any name, beside each other. Where the template marks solutions, it is the ideal
solution too; else the fifth file, `solution.ipynb`, has to be there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from notebooks.cases.problems import ProblemLog

DATA_SUFFIXES = frozenset(
    {".csv", ".tsv", ".json", ".jsonl", ".parquet", ".feather", ".xlsx", ".xls", ".txt", ".npy",
     ".npz", ".gz", ".sqlite", ".db", ".arff", ".dat", ".geojson"}
)  # fmt: skip
PROFILES = ("profile.yaml", "profile.yml", "case.yml")
_CASE, _SOLUTION, _TEMPLATE = "case.yaml", "solution.ipynb", "template.ipynb"
_REQUIREMENTS, _DATA = "requirements.txt", "data/"
_MARK = b"BEGIN SOLUTION"
_MAX_LOOK = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Arranged:
    """Files under the names of the case format, and how the author calls them."""

    paths: Mapping[str, Path]
    shown: Mapping[str, str]


def is_data(name: str) -> bool:
    """Return whether a file at the top of an upload may be its data set."""
    special = name in PROFILES or name == _REQUIREMENTS
    return "/" not in name and not special and PurePosixPath(name).suffix in DATA_SUFFIXES


def is_four_files(names: Mapping[str, Path]) -> bool:
    """Return whether these are the four files, or what there is of them."""
    if any(name in names for name in PROFILES):
        return True
    notebooks = [name for name in names if name.endswith(".ipynb") and "/" not in name]
    return (
        _SOLUTION not in names
        and (_CASE in names or _TEMPLATE in names)
        and notebooks in ([_TEMPLATE], [])
    )


def arrange(paths: Mapping[str, Path], log: ProblemLog) -> Arranged:
    """Return the files in their places; the log names each one that is missing."""
    made: dict[str, Path] = {}
    shown: dict[str, str] = {}

    def place(name: str, given: str | None) -> None:
        if given is not None:
            made[name] = paths[given]
            if name != given:
                shown[name] = given

    profile = next((name for name in (_CASE, *PROFILES) if name in paths), None)
    template = _template(paths)
    place(_CASE, profile)
    place(_REQUIREMENTS, _REQUIREMENTS if _REQUIREMENTS in paths else None)
    place(_SOLUTION, _SOLUTION if _SOLUTION in paths else None)
    if _SOLUTION in made:
        place(_TEMPLATE, template)
    elif template is not None and _marks_solutions(paths[template]):
        place(_SOLUTION, template)
    for name in paths:
        if name.startswith(_DATA):
            place(name, name)
        elif is_data(name):
            place(f"{_DATA}{name}", name)
    _name_missing(made, template, log)
    return Arranged(made, shown)


def _template(paths: Mapping[str, Path]) -> str | None:
    if _TEMPLATE in paths:
        return _TEMPLATE
    others = [name for name in paths if name.endswith(".ipynb") and "/" not in name]
    others = [name for name in others if name != _SOLUTION]
    return others[0] if len(others) == 1 else None


def _marks_solutions(path: Path) -> bool:
    with path.open("rb") as stream:
        return _MARK in stream.read(_MAX_LOOK)


def _fetches_data(profile: Path | None) -> bool:
    """Return whether the profile says where data are to be fetched; reading it comes later."""
    if profile is None:
        return False
    with profile.open("rb") as stream:
        return any(line.startswith(b"data:") for line in stream.read(_MAX_LOOK).splitlines())


def _name_missing(made: Mapping[str, Path], template: str | None, log: ProblemLog) -> None:
    if _CASE not in made:
        log.add(_CASE, "The profile is missing: add case.yaml with title and subtasks.")
    if template is None and _SOLUTION not in made:
        log.add(_TEMPLATE, "The template is missing: add the notebook that students start from.")
    if _SOLUTION not in made:
        message = "The ideal solution is missing: add solution.ipynb, or put it into the template "
        log.add(_SOLUTION, f"{message}between `### BEGIN SOLUTION` and `### END SOLUTION`.")
    if not any(name.startswith(_DATA) for name in made) and not _fetches_data(made.get(_CASE)):
        log.add(_DATA, "The data set is missing: add its file, or a folder `data`.")
    if _REQUIREMENTS not in made:
        log.add(_REQUIREMENTS, "The requirements are missing: add requirements.txt, empty if none.")
