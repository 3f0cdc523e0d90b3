import stat
from dataclasses import dataclass

import pytest

from config.errors import ConfigError
from lti_tool.services.errors import KeyTooNewError
from lti_tool.services.keys import ANNOUNCED_SECONDS, DAY_SECONDS, OVERLAP_SECONDS, KeyStore
from lti_tool.services.tokens import ASSERTION_SECONDS


@dataclass
class Clock:
    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> KeyStore:
    return KeyStore(tmp_path_factory.mktemp("keys"), clock=clock)


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


def test_a_key_is_published_before_it_signs_and_after(store: KeyStore, clock: Clock) -> None:
    first, published = store.signing_key().kid, _kids(store)
    clock.seconds += ANNOUNCED_SECONDS
    second = store.rotate().kid
    assert second in published
    assert second != first
    assert {first, second} < _kids(store)
    assert len(_kids(store)) == 3


def test_an_old_key_stays_until_what_it_signed_is_over(store: KeyStore, clock: Clock) -> None:
    first = store.signing_key().kid
    store.rotate(at_once=True)
    clock.seconds += OVERLAP_SECONDS - 1
    assert first in _kids(store)
    clock.seconds += 1
    assert first not in _kids(store)
    assert OVERLAP_SECONDS > ASSERTION_SECONDS


def test_rotations_in_a_row_forget_no_key_that_has_just_signed(store: KeyStore) -> None:
    signed = [store.signing_key().kid]
    signed += [store.rotate(at_once=True).kid for _ in range(3)]
    assert len(set(signed)) == 4
    assert set(signed) < _kids(store)


def test_files_of_keys_that_are_over_are_removed_by_the_next_rotation(
    store: KeyStore, clock: Clock
) -> None:
    store.rotate(at_once=True)
    clock.seconds += OVERLAP_SECONDS
    store.rotate(at_once=True)
    assert len(list(store.folder.glob("old*.pem"))) == 1


def test_a_key_that_platforms_may_not_know_does_not_sign(store: KeyStore, clock: Clock) -> None:
    first = store.signing_key().kid
    clock.seconds += ANNOUNCED_SECONDS - 1
    with pytest.raises(KeyTooNewError, match=r"Rotate after 2027-01-16 08:00 UTC, or say --now"):
        store.rotate()
    assert store.signing_key().kid == first


def test_keys_rotate_by_themselves_when_they_have_signed_long_enough(
    store: KeyStore, clock: Clock
) -> None:
    first = store.signing_key().kid
    assert store.rotate_if_due(30) is None
    clock.seconds += 30 * DAY_SECONDS
    second = store.rotate_if_due(30)
    assert second is not None
    assert second.kid != first
    assert store.rotate_if_due(30) is None


def test_a_schedule_of_less_than_a_day_still_announces_keys_first(
    store: KeyStore, clock: Clock
) -> None:
    store.signing_key()
    clock.seconds += DAY_SECONDS / 2
    assert store.rotate_if_due(0.1) is None


def test_of_revoked_keys_none_stays_published(store: KeyStore) -> None:
    store.rotate(at_once=True)
    before = _kids(store)
    assert store.revoke().kid in _kids(store)
    assert before.isdisjoint(_kids(store))
    assert len(_kids(store)) == 2


def test_the_status_says_what_each_key_is_for_and_how_long(store: KeyStore, clock: Clock) -> None:
    first = store.signing_key().kid
    clock.seconds += ANNOUNCED_SECONDS
    second = store.rotate().kid
    current, following, old = store.status()
    assert (current.kid, current.role) == (second, "current")
    assert (following.role, following.until) == ("next", None)
    assert (old.kid, old.role) == (first, "old")
    assert old.since.timestamp() == clock.seconds
    assert old.until is not None
    assert (old.until - old.since).total_seconds() == OVERLAP_SECONDS


def test_a_rotation_that_was_cut_off_leaves_a_working_set(store: KeyStore) -> None:
    store.rotate(at_once=True)
    (store.folder / "next.pem").unlink()
    assert store.signing_key().kid in _kids(store)
    assert (store.folder / "next.pem").exists()


def test_a_damaged_key_is_named(store: KeyStore) -> None:
    store.signing_key()
    (store.folder / "current.pem").write_text("nonsense")
    with pytest.raises(ConfigError, match=r"current\.pem"):
        store.signing_key()
