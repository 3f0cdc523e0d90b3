import stat

import pytest

from config.errors import ConfigError
from lti_tool.services.keys import KeyStore


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore(tmp_path_factory.mktemp("keys"))


def _kids(store: KeyStore) -> set[str]:
    return {key["kid"] for key in store.key_set()["keys"]}


def test_only_the_service_can_read_the_keys(store: KeyStore) -> None:
    store.signing_key()
    files = list(store.folder.glob("*.pem"))
    assert {path.name for path in files} == {"current.pem", "next.pem"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_every_process_has_the_same_keys(store: KeyStore) -> None:
    other = KeyStore(store.folder.parent)
    assert store.signing_key().kid == other.signing_key().kid
    assert _kids(store) == _kids(other)


def test_a_key_is_published_before_it_signs_and_after(store: KeyStore) -> None:
    first, published = store.signing_key().kid, _kids(store)
    second = store.rotate().kid
    assert second in published
    assert second != first
    assert {first, second} < _kids(store)
    third = store.rotate().kid
    assert {second, third} < _kids(store)
    assert first not in _kids(store)


def test_a_rotation_that_was_cut_off_leaves_a_working_set(store: KeyStore) -> None:
    store.rotate()
    (store.folder / "next.pem").unlink()
    assert store.signing_key().kid in _kids(store)
    assert (store.folder / "next.pem").exists()


def test_a_damaged_key_is_named(store: KeyStore) -> None:
    store.signing_key()
    (store.folder / "current.pem").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"current\.pem"):
        store.signing_key()
