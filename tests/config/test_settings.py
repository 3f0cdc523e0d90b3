from pathlib import Path

import pytest
from pydantic import SecretStr

from config.settings import EVERYWHERE, Settings


def test_another_process_reads_the_same_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = Settings(
        state_dir=Path("/srv/casebook"),
        port=9000,
        demo=False,
        database_url=SecretStr("postgresql://user:word@host/name"),
        public_url_override="https://casebook.example.org/",
    )
    for name, value in original.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == original


def test_the_ports_stand_in_a_row() -> None:
    demo = Settings(port=9000)
    assert (demo.demo_lms_url, demo.public_url, demo.runner_url) == (
        "http://127.0.0.1:9000",
        "http://localhost:9001",
        "https://localhost:9002",
    )
    assert Settings(port=9000, demo=False).tool_port == 9000


def test_the_tool_listens_on_loopback_unless_it_has_a_certificate(tmp_path: Path) -> None:
    assert Settings().listen_address == "127.0.0.1"
    assert Settings(tls_certificate=tmp_path / "cert.pem").listen_address == EVERYWHERE
    assert Settings(bind_address="192.0.2.1").listen_address == "192.0.2.1"
