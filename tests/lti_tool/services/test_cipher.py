"""Access tokens at rest."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from lti_tool.services.cipher import FILE, TokenCipher


def test_what_is_encrypted_is_read_by_another_process_with_the_same_key(tmp_path: Path) -> None:
    secret = TokenCipher(tmp_path / "lti").encrypt("bearer-1")
    assert "bearer-1" not in secret
    assert TokenCipher(tmp_path / "lti").decrypt(secret) == "bearer-1"


def test_what_another_key_encrypted_is_no_token(tmp_path: Path) -> None:
    secret = TokenCipher(tmp_path / "a").encrypt("bearer-1")
    assert TokenCipher(tmp_path / "b").decrypt(secret) is None
    assert TokenCipher(tmp_path / "a").decrypt("bearer-1") is None


def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    TokenCipher(tmp_path).encrypt("x")
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_broken_key_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a key")
    with pytest.raises(ConfigError, match="remove it"):
        TokenCipher(tmp_path).encrypt("x")
