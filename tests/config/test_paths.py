import os
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.paths import (
    LONGEST_RUNTIME_DIR,
    own_folder,
    remove_outer_runtime_dir,
    runtime_dir,
)
from config.settings import Settings

MODE = 0o711 if os.geteuid() == 0 else 0o700


def _settings(state: Path) -> Settings:
    return Settings(state_dir=state)


def test_a_short_state_folder_holds_its_sockets_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.paths.LONGEST_RUNTIME_DIR", 500)
    folder = runtime_dir(_settings(tmp_path / "state"))
    assert folder == tmp_path / "state" / "run"
    assert folder.stat().st_mode & 0o777 == MODE


def test_a_long_state_folder_has_its_sockets_elsewhere_always_at_the_same_place(
    tmp_path: Path,
) -> None:
    settings = _settings(tmp_path / ("long" * 20))
    folder = runtime_dir(settings)
    try:
        assert len(os.fsencode(folder)) <= LONGEST_RUNTIME_DIR
        assert folder.stat().st_mode & 0o777 == MODE
        assert runtime_dir(settings) == folder
        assert runtime_dir(_settings(tmp_path / ("else" * 20))) != folder
    finally:
        folder.rmdir()
        runtime_dir(_settings(tmp_path / ("else" * 20))).rmdir()


def test_only_a_folder_outside_the_state_is_removed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer = _settings(tmp_path / ("long" * 20))
    (runtime_dir(outer) / "k").mkdir()
    outside = runtime_dir(outer)
    remove_outer_runtime_dir(outer)
    assert not outside.exists()
    monkeypatch.setattr("config.paths.LONGEST_RUNTIME_DIR", 500)
    inner = _settings(tmp_path / "state")
    inside = runtime_dir(inner)
    remove_outer_runtime_dir(inner)
    assert inside.exists()


def test_a_link_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="not a folder of this user"):
        own_folder(tmp_path / "link", 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(ConfigError, match="not a folder of this user"):
        own_folder(tmp_path / "theirs", 0o700)
