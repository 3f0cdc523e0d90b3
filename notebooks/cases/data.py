"""Unpacking a case version's data for sandboxes: a read-only folder named by its content."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from notebooks.cases.archive import content_hash
from notebooks.cases.models import CaseVersion
from notebooks.cases.service import content_of
from notebooks.objects import ObjectStore

_NAME_LENGTH = 32
"""Hexadecimal digits of a folder's name: 128 bits."""


def unpack(objects: ObjectStore, version: CaseVersion, root: Path) -> str | None:
    """Put the version's data into a folder below `root` and return its name; None without data.

    The name is a hash of the content, so versions with the same data share a folder, and one
    that exists is complete: it appears by a rename. Files and folders are read-only for all.
    Raises NotFoundError without the version's archive, CaseError if that cannot be read.
    """
    data = content_of(objects, version).data
    if not data:
        return None
    name = content_hash(data)[:_NAME_LENGTH]
    if not (root / name).is_dir():
        root.mkdir(parents=True, exist_ok=True)
        _appear(data, root, name)
    return name


def _appear(data: Mapping[str, Path], root: Path, name: str) -> None:
    staged = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
    try:
        for file, source in data.items():
            target = staged / file
            target.parent.mkdir(parents=True, exist_ok=True)
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


def _remove(folder: Path) -> None:
    for inner, _, _ in os.walk(folder):
        Path(inner).chmod(0o755)
    shutil.rmtree(folder)
