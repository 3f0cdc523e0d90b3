import io
import stat
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from notebooks.objects import FileSystemStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def parts(url: str) -> tuple[str, int, str]:
    split = urlsplit(url)
    query = parse_qs(split.query)
    return split.path.removeprefix("/objects/"), int(query["expires"][0]), query["signature"][0]


def test_a_presigned_url_is_good_for_its_key_in_every_process(root: Path) -> None:
    key, expires, signature = parts(FileSystemStore(root).presign("a/b.png", expires_seconds=60))
    other = FileSystemStore(root)
    assert key == "a/b.png"
    assert other.verify(key, expires=expires, signature=signature)
    assert not other.verify("a/c.png", expires=expires, signature=signature)
    assert not other.verify(key, expires=expires + 1, signature=signature)
    assert not other.verify(key, expires=expires, signature="é" + signature)


def test_a_presigned_url_expires(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileSystemStore(root)
    key, expires, signature = parts(store.presign("a", expires_seconds=60))
    monkeypatch.setattr(time, "time", lambda: expires + 0.0)
    assert not store.verify(key, expires=expires, signature=signature)


def test_the_signing_key_is_its_owners_alone_and_not_listed(root: Path) -> None:
    store = FileSystemStore(root)
    store.presign("a", expires_seconds=60)
    store.put("a", io.BytesIO(b""))
    mode = (root / ".signing-key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert [one.key for one in store.list()] == ["a"]


def test_no_staged_file_is_left(root: Path) -> None:
    store = FileSystemStore(root)
    store.put("a", io.BytesIO(b"x"))
    store.put("b", io.BytesIO(b"x"), if_absent=True)
    assert list((root / ".staging").iterdir()) == []
