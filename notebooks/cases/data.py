"""A case's data for sandboxes: what comes with it and what it names by address, in one folder.

The folder is read-only, named by its content and shared by every sandbox of every case with the
same data.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from config.settings import Settings
from notebooks.cases.archive import listing_hash
from notebooks.cases.problems import Problem
from notebooks.cases.profile import DataFile
from notebooks.cases.reader import CaseContent
from notebooks.downloads.errors import DownloadError
from notebooks.errors import CaseError

_NAME_LENGTH = 32
"""Hexadecimal digits of a folder's name: 128 bits."""


def place_data(
    content: CaseContent, *, settings: Settings, log: Callable[[str], None]
) -> str | None:
    """Put the case's data into a folder of `settings.data_dir` and return its name; None without.

    The name is a hash of the content, so versions with the same data share a folder, and one
    that exists is complete: it appears by a rename. Files and folders are read-only for all.

    Raises:
        CaseError: The data are too large, or a file cannot be fetched; each such file is named.
    """
    profile = content.profile
    if not content.data and not profile.data:
        return None
    room = settings.data_bytes - sum(path.stat().st_size for path in content.data.values())
    if room < 0:
        message = f"The data are larger than the limit of {settings.data_bytes // 1024**2} MiB."
        raise CaseError([Problem("data/", None, None, message)])
    fetched = _fetched(content, settings, room, log)
    digests = {name: _digest(path) for name, path in content.data.items()}
    digests |= {entry.file: entry.sha256 for entry in profile.data}
    name = listing_hash(digests)[:_NAME_LENGTH]
    if not (settings.data_dir / name).is_dir():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        _appear(content.data, fetched, settings.data_dir, name)
    return name


def _fetched(
    content: CaseContent, settings: Settings, room: int, log: Callable[[str], None]
) -> dict[str, Path]:
    """Return the files that the profile names by address; the room for them is shared."""
    if not content.profile.data:
        return {}
    # Most cases name no address, and the client takes long to import.
    from notebooks.downloads.fetch import Rules  # noqa: PLC0415
    from notebooks.downloads.kept import KeptDownloads  # noqa: PLC0415

    rules = Rules(
        seconds=settings.data_fetch_seconds,
        stall_seconds=settings.http_timeout_seconds,
        private_addresses=settings.data_private_addresses,
    )
    kept = KeptDownloads(settings.downloads_dir, rules)
    fetched: dict[str, Path] = {}
    problems = []
    for entry, line in zip(content.profile.data, content.data_lines, strict=True):
        log(f"Fetching data/{entry.file}.")
        try:
            path = kept.get(entry.url, entry.sha256, max_bytes=room)
        except DownloadError as error:
            problems.append(Problem("case.yaml", None, line, _words(entry, error)))
            continue
        room -= path.stat().st_size
        fetched[entry.file] = path
    if problems:
        raise CaseError(problems)
    return fetched


def _words(entry: DataFile, error: DownloadError) -> str:
    return f"`data/{entry.file}` cannot be fetched from {entry.url}: {error}"


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _appear(
    bundled: Mapping[str, Path], fetched: Mapping[str, Path], root: Path, name: str
) -> None:
    staged = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
    try:
        for file, source in {**bundled, **fetched}.items():
            target = staged / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if file in fetched:
                _link(source, target)
            else:
                shutil.copyfile(source, target)
                target.chmod(0o444)
        for folder, _, _ in os.walk(staged, topdown=False):
            Path(folder).chmod(0o555)
        try:
            staged.rename(root / name)
        except OSError:
            if not (root / name).is_dir():  # else another process was faster: the same content
                raise
    finally:
        if staged.exists():
            _remove(staged)


def _link(source: Path, target: Path) -> None:
    """Give a fetched file, which nobody writes to, a second name; across file systems, a copy."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o444)


def _remove(folder: Path) -> None:
    for inner, _, _ in os.walk(folder):
        Path(inner).chmod(0o755)
    shutil.rmtree(folder)
