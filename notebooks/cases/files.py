"""The files of a case, from a folder, a zip or one notebook: found, bounded, none outside.

Only the files that the format knows are looked at; whatever else lies beside them is ignored.
"""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from notebooks.cases import archive
from notebooks.cases.importers import upload
from notebooks.cases.keyed import MAX_TABLE_BYTES
from notebooks.cases.problems import ProblemLog

PROFILE = "case.yaml"
SOLUTION = "solution.ipynb"
TEMPLATE = "template.ipynb"
REQUIREMENTS = "requirements.txt"
DATA = "data/"
HIDDEN = "hidden/"
"""Right answers of rows that students predict for; no sandbox ever has them."""

MAX_FILES = 2000
MAX_TOTAL_BYTES = 2 * 1024**3
MAX_BYTES = {PROFILE: 256 * 1024, REQUIREMENTS: 256 * 1024}
MAX_NOTEBOOK_BYTES = 20 * 1024 * 1024


class _Unpacked:
    """A temporary folder that is removed with the last reference to this."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="casebook-case-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class FileMap(Mapping[str, Path]):
    """Files by name. Those of an unpacked archive stay as long as a map of them is referred to."""

    def __init__(self, paths: Mapping[str, Path], folder: _Unpacked | None = None) -> None:
        self._paths = dict(paths)
        self._folder = folder

    def __getitem__(self, name: str) -> Path:
        return self._paths[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def below(self, prefix: str) -> "FileMap":
        """Return the files whose name begins with `prefix`, without it."""
        found = {name: path for name, path in self._paths.items() if name.startswith(prefix)}
        return FileMap(
            {name.removeprefix(prefix): path for name, path in found.items()}, self._folder
        )


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """Where each file of a case lies."""

    paths: FileMap
    """Files by their name in the case: `case.yaml`, `data/wine.csv` …"""
    shown: Mapping[str, str] = field(default_factory=dict)
    """What to call a file in problems where it came under another name."""

    def name(self, file: str) -> str:
        """Return what the author calls this file."""
        return self.shown.get(file, file)

    def text(self, file: str, log: ProblemLog) -> str | None:
        """Return a file's text; None if it is absent or unreadable, which the log then says."""
        path = self.paths.get(file)
        if path is None:
            return None
        try:
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            message = "This file is not UTF-8 text. Save it as UTF-8."
            log.add(self.name(file), message, line=line)
        except OSError as error:
            log.add(self.name(file), f"This file cannot be read: {error.strerror}.")
        return None


def open_files(path: Path, log: ProblemLog) -> CaseFiles:
    """Find the files of the case at `path`; the log says what is wrong with them."""
    if path.is_dir():
        files = _named({name: path / name for name in _walk(path, log)}, log)
    elif path.suffix.lower() == ".ipynb" and path.is_file():
        files = CaseFiles(FileMap({SOLUTION: path}), {SOLUTION: path.name})
    elif path.suffix.lower() == ".zip" and path.is_file():
        files = _unpacked(path, log)
    else:
        log.add(path.name, "There is no such folder, zip or notebook (.ipynb).")
        files = CaseFiles(FileMap({}))
    _check_sizes(files, log)
    return files


def _walk(root: Path, log: ProblemLog) -> Iterator[str]:
    """Yield the files at the top of `root` and everything below `data` and `hidden`."""
    found = [entry.name for entry in os.scandir(root) if not entry.is_dir()]
    for top in (DATA, HIDDEN):
        for folder, folders, names in os.walk(root / top):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found += [str((Path(folder) / name).relative_to(root)) for name in [*names, *folders]]
    for name in sorted(found):
        path = root / name
        if not archive.is_known(name):
            continue
        if path.is_symlink():
            log.add(name, "Links are not followed. Put the file itself here.")
        elif path.is_file():
            yield name


def _unpacked(path: Path, log: ProblemLog) -> CaseFiles:
    if path.stat().st_size > MAX_TOTAL_BYTES:
        log.add(path.name, _too_large(MAX_TOTAL_BYTES))
        return CaseFiles(FileMap({}))
    folder = _Unpacked()
    bounds = archive.Bounds(MAX_FILES, MAX_TOTAL_BYTES)
    return _named(archive.extract(path, folder.path, log, bounds=bounds), log, folder)


def _named(
    paths: Mapping[str, Path], log: ProblemLog, folder: _Unpacked | None = None
) -> CaseFiles:
    """Take the only notebook for the solution, whatever it is called; or the four files."""
    if not log and upload.is_four_files(paths):
        arranged = upload.arrange(paths, log)
        return CaseFiles(FileMap(arranged.paths, folder), arranged.shown)
    paths = {name: path for name, path in paths.items() if not upload.is_data(name)}
    others = sorted(
        name for name in paths if name.endswith(".ipynb") and name not in (SOLUTION, TEMPLATE)
        and not name.startswith((DATA, HIDDEN))
    )  # fmt: skip
    shown = {}
    if SOLUTION not in paths and len(others) == 1:
        paths = {**paths, SOLUTION: paths[others[0]]}
        shown = {SOLUTION: others[0]}
    elif SOLUTION not in paths and not log:
        hint = f" Which of {', '.join(others)} is it? Call it so." if others else ""
        log.add(SOLUTION, f"The ideal solution is missing: add {SOLUTION}.{hint}")
    kept = {name: path for name, path in paths.items() if name not in others}
    return CaseFiles(FileMap(kept, folder), shown)


def _check_sizes(files: CaseFiles, log: ProblemLog) -> None:
    if len(files.paths) > MAX_FILES:
        log.add(DATA, f"There are more than {MAX_FILES} files.")
    total = 0
    for name, path in files.paths.items():
        size = path.stat().st_size
        total += size
        notebook = name in (SOLUTION, TEMPLATE)
        bound = MAX_NOTEBOOK_BYTES if notebook else MAX_BYTES.get(name, MAX_TOTAL_BYTES)
        bound = MAX_TABLE_BYTES if name.startswith(HIDDEN) else bound
        if size > bound:
            log.add(files.name(name), _too_large(bound))
    if total > MAX_TOTAL_BYTES:
        log.add(DATA, f"All files together: {_too_large(MAX_TOTAL_BYTES)}")


def _too_large(bound: int) -> str:
    unit = f"{bound // 1024 // 1024} MiB" if bound >= 1024 * 1024 else f"{bound // 1024} KiB"
    return f"This is larger than the limit of {unit}."
