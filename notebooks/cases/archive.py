"""Case archives: reading foreign zips without trusting them, writing our own reproducibly."""

import hashlib
import json
import shutil
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from notebooks.cases.importers import upload
from notebooks.cases.problems import ProblemLog

_MAX_DEPTH = 16
_MAX_PART_BYTES = 200
_ENCRYPTED = 0x1
_TOP = ("case.yaml", "requirements.txt")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may unpack to."""

    files: int
    total_bytes: int


def is_known(name: str) -> bool:
    """Return whether the case format has a place for a file of this name."""
    parts = name.split("/")
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    if len(parts) == 1:
        top = name in _TOP or name in upload.PROFILES
        return top or name.endswith(".ipynb") or upload.is_data(name)
    return parts[0] in ("data", "hidden")


def safe_name(name: str) -> str | None:
    """Return the normalised relative path of an archive's entry, or None if it is not safe.

    Safe is a path of plain parts with `/` between them, that stays below where it is unpacked on
    every system.
    """
    parts = PurePosixPath(name).parts
    unsafe = (
        not parts
        or name.startswith("/")
        or len(parts) > _MAX_DEPTH
        or "\\" in name
        or ":" in parts[0]
        or not name.isprintable()
        or any(part in ("..", ".") or len(part.encode()) > _MAX_PART_BYTES for part in parts)
    )
    return None if unsafe else "/".join(parts)


def extract(source: Path, target: Path, log: ProblemLog, *, bounds: Bounds) -> dict[str, Path]:
    """Unpack the case files of a zip below `target` and return them by name.

    If anything is wrong with the archive the log says so, and nothing is returned. A single
    folder around everything is taken off.
    """
    try:
        with zipfile.ZipFile(source) as opened:
            entries = _entries(opened, source.name, log, bounds)
            if log:
                return {}
            return {
                name: _extract_one(opened, entry, target / name) for name, entry in entries.items()
            }
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        log.add(source.name, f"This zip cannot be read: {error}.")
        return {}


def content_hash(files: Mapping[str, Path]) -> str:
    """Return the SHA-256 of a case: of the names and bytes of its files, and of nothing else."""
    digests = {}
    for name, path in files.items():
        with path.open("rb") as stream:
            digests[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return listing_hash(digests)


def listing_hash(digests: Mapping[str, str]) -> str:
    """Return the SHA-256 that stands for files of these names with these SHA-256s."""
    listing = sorted([name, digest] for name, digest in digests.items())
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def pack(files: Mapping[str, Path], stream: BinaryIO) -> None:
    """Write files as a zip that depends on their names and bytes alone."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            # Known beforehand, so that a file of gigabytes gets the wider fields that it needs.
            entry.file_size = files[name].stat().st_size
            with files[name].open("rb") as content, packed.open(entry, "w") as written:
                shutil.copyfileobj(content, written, 1024 * 1024)


def _entries(
    opened: zipfile.ZipFile, file: str, log: ProblemLog, bounds: Bounds
) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    infos = [info for info in opened.infolist() if not info.filename.endswith("/")]
    if len(infos) > bounds.files:
        log.add(file, f"The zip holds more than {bounds.files} files.")
        return {}
    for info in infos:
        name = safe_name(info.filename)
        if name is None:
            log.add(file, f"The zip holds an unsafe path: {info.filename[:100]!r}.")
        elif stat.S_ISLNK(info.external_attr >> 16):
            log.add(file, f"The zip holds a link: {name}. Put the file itself there.")
        elif info.flag_bits & _ENCRYPTED:
            log.add(file, f"The zip is encrypted: {name}. Pack it without a password.")
        elif name in found:
            log.add(file, f"The zip holds {name} twice.")
        else:
            found[name] = info
    prefix = _wrapper(list(found))
    known = {
        name.removeprefix(prefix): info
        for name, info in found.items()
        if name.startswith(prefix) and is_known(name.removeprefix(prefix))
    }
    if sum(info.file_size for info in known.values()) > bounds.total_bytes:
        log.add(file, f"The zip unpacks to more than {bounds.total_bytes // 1024 // 1024} MiB.")
    return known


def _wrapper(names: Sequence[str]) -> str:
    """Return `folder/` if everything that counts lies in one folder, else nothing."""
    counting = [name for name in names if not name.startswith(("__MACOSX/", "."))]
    tops = {name.split("/")[0] for name in counting}
    if len(tops) == 1 and all("/" in name for name in counting) and tops != {"data"}:
        return f"{tops.pop()}/"
    return ""


def _extract_one(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> Path:
    """Unpack one entry; the reader stops at the declared size, which is bounded already."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as packed, target.open("xb") as written:
        shutil.copyfileobj(packed, written, 1024 * 1024)
    return target
