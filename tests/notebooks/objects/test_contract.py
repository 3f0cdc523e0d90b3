"""What every object store does; another class joins by another parameter of the fixture."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.errors import InvalidKeyError, NotFoundError, ObjectExistsError
from notebooks.objects import FileSystemStore, ObjectStore
from notebooks.objects.store import check_key


@pytest.fixture(params=["files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    assert request.param == "files"
    return FileSystemStore(tmp_path / "objects")


def put(store: ObjectStore, key: str, data: bytes, *, if_absent: bool = False) -> None:
    assert store.put(key, io.BytesIO(data), if_absent=if_absent).size == len(data)


def content(store: ObjectStore, key: str) -> bytes:
    with store.get(key) as stream:
        return stream.read()


def test_what_was_put_can_be_read_described_and_deleted(store: ObjectStore) -> None:
    put(store, "cases/a.zip", b"first")
    put(store, "cases/a.zip", b"second")
    assert content(store, "cases/a.zip") == b"second"
    assert store.head("cases/a.zip").size == 6
    store.delete("cases/a.zip")
    store.delete("cases/a.zip")
    with pytest.raises(NotFoundError, match=r"cases/a\.zip"):
        store.head("cases/a.zip")
    with pytest.raises(NotFoundError), store.get("cases/a.zip"):
        pass


def test_a_put_begins_where_the_stream_stands(store: ObjectStore) -> None:
    stream = io.BytesIO(b"0123456789")
    stream.seek(5)
    store.put("tail", stream)
    assert content(store, "tail") == b"56789"


def test_create_only_leaves_what_is_there(store: ObjectStore) -> None:
    put(store, "once", b"first", if_absent=True)
    with pytest.raises(ObjectExistsError, match="once"):
        put(store, "once", b"second", if_absent=True)
    assert content(store, "once") == b"first"


def test_of_creators_at_once_one_succeeds(store: ObjectStore) -> None:
    barrier = Barrier(8)

    def create(n: int) -> bytes | None:
        barrier.wait(10)
        try:
            put(store, "race/x", str(n).encode() * 1000, if_absent=True)
        except ObjectExistsError:
            return None
        return str(n).encode() * 1000

    with ThreadPoolExecutor(8) as pool:
        winners = [one for one in pool.map(create, range(8)) if one is not None]
    assert winners == [content(store, "race/x")]


def replace_all(store: ObjectStore, versions: list[bytes]) -> None:
    for one in versions:
        put(store, "big", one)


def test_readers_see_whole_objects_while_writers_replace_them(store: ObjectStore) -> None:
    versions = {bytes([n]) * 300_000 for n in range(5)}
    put(store, "big", min(versions))
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(replace_all, store, [*versions] * 4)
        while not writing.done():
            assert content(store, "big") in versions
        writing.result()


def test_a_listing_is_by_prefix_and_in_order(store: ObjectStore) -> None:
    for key in ("b", "a/2", "a/1", "a", "ab/c", "a-b"):
        put(store, key, b"")
    assert [one.key for one in store.list()] == sorted(["b", "a/2", "a/1", "a", "ab/c", "a-b"])
    assert [one.key for one in store.list("a/")] == ["a/1", "a/2"]
    assert [one.key for one in store.list("a")] == ["a", "a-b", "a/1", "a/2", "ab/c"]
    assert list(store.list("none/")) == []


def test_an_interrupted_put_leaves_nothing(store: ObjectStore) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionError(size)

    with pytest.raises(ConnectionError):
        store.put("torn", Torn())
    assert list(store.list()) == []


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a/.b", "-x", "a\\b",
     "a\0b", "a~", "ä", "a b", "a\n", "x" * 201, "/".join(["x" * 90] * 11)],
)  # fmt: skip
def test_keys_that_are_no_plain_paths_are_refused(store: ObjectStore, key: str) -> None:
    for use in (store.get, store.head, store.delete):
        with pytest.raises(InvalidKeyError):
            use(key)
    with pytest.raises(InvalidKeyError):
        put(store, key, b"x")
    with pytest.raises(InvalidKeyError):
        store.presign(key, expires_seconds=60)


@given(st.one_of(st.text(alphabet="./\\~ab\0-", max_size=12), st.text(max_size=12)))
def test_no_accepted_key_leaves_its_folder(key: str) -> None:
    root = Path("/srv/objects")
    try:
        path = root / check_key(key)
    except InvalidKeyError:
        return
    assert path.resolve().is_relative_to(root)
    assert ".." not in path.parts
