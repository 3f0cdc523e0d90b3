import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from config.settings import Settings
from lti_tool.cli import main
from lti_tool.operation.up import renewal_interval, service_specs

SECRET = "postgresql://casebook:word@db/casebook"


@pytest.fixture
def specs(settings: Settings) -> dict[str, dict[str, str]]:
    """The environment of each process by its name."""
    (settings.state_dir).mkdir()
    whole = settings.model_copy(update={"database_url": SecretStr(SECRET)})
    return {spec.name: dict(spec.environment or {}) for spec in service_specs(whole)}


def test_only_web_and_worker_are_told_where_the_database_is(
    specs: dict[str, dict[str, str]],
) -> None:
    told = {name for name, environment in specs.items() if "DATABASE_URL" in environment}
    assert told == {"web", "worker"}
    assert not any(SECRET in json.dumps(specs[name]) for name in ("runner", "demo-lms"))


def test_the_demo_lms_runs_only_in_demo_mode(settings: Settings) -> None:
    settings.state_dir.mkdir()
    quiet = settings.model_copy(update={"demo": False})
    assert [spec.name for spec in service_specs(quiet)] == ["runner", "worker", "web"]


@pytest.mark.parametrize(("lifetime", "seconds"), [(7 * 86400, 600), (60, 5), (6, 1)])
def test_certificates_are_looked_at_several_times_in_their_last_third(
    lifetime: int, seconds: float
) -> None:
    assert renewal_interval(lifetime) == seconds


def test_a_port_in_use_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                *(sys.executable, "-m", "lti_tool.cli", "up"),
                *("--state", str(tmp_path / "state"), "--port", str(port)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"port {port} on 127.0.0.1, wanted for the demo LMS, is used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    answer = CliRunner().invoke(main, ["up", "--tls-cert", str(tmp_path / "cert.pem")])
    assert answer.exit_code == 2
    assert "belong together" in answer.output


def test_every_command_has_help() -> None:
    answer = CliRunner().invoke(main, ["--help"])
    assert answer.exit_code == 0
    for name in ("up", "worker", "runner"):
        assert name in answer.output


def test_a_worker_without_a_database_says_so() -> None:
    answer = CliRunner().invoke(main, ["worker"])
    assert answer.exit_code == 1
    assert "DATABASE_URL is not set" in answer.output
