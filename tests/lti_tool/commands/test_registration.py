import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete

from config.database import Database
from config.postgres import EmbeddedPostgres
from lti_tool.cli import main
from lti_tool.models import Deployment
from lti_tool.registration import invitations

Casebook = Callable[..., Result]

MOODLE = ["--platform", "moodle", "--issuer", "https://moodle.example", "--client-id", "abc"]


@pytest.fixture
def casebook(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Casebook:
    """Run a command on a database of the test's own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(main, ["registration", *arguments])


def _all(casebook: Casebook) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(casebook("list", "--json").stdout)
    return found


def test_of_moodle_issuer_client_and_deployment_are_enough(casebook: Casebook) -> None:
    result = casebook("add", *MOODLE, "--deployment", "1", "--deployment", "7")
    assert result.exit_code == 0, result.stderr
    (entry,) = _all(casebook)
    assert entry["state"] == "active"
    assert entry["name"] == "moodle.example"
    assert entry["deployments"] == ["1", "7"]
    assert entry["authorization_url"] == "https://moodle.example/mod/lti/auth.php"
    assert entry["token_url"] == "https://moodle.example/mod/lti/token.php"
    assert entry["jwks_url"] == "https://moodle.example/mod/lti/certs.php"


@pytest.mark.parametrize(
    ("issuer", "origin"),
    [
        ("https://canvas.instructure.com", "https://sso.canvaslms.com"),
        ("https://canvas.test.instructure.com", "https://sso.test.canvaslms.com"),
        ("https://canvas.uni.example", "https://canvas.uni.example"),
    ],
)
def test_canvas_is_asked_at_its_clouds_own_host_or_where_it_is(
    casebook: Casebook, issuer: str, origin: str
) -> None:
    arguments = ["--platform", "canvas", "--issuer", issuer, "--client-id", "1", "--deployment"]
    assert casebook("add", *arguments, "1:abc").exit_code == 0
    (entry,) = _all(casebook)
    assert entry["authorization_url"] == f"{origin}/api/lti/authorize_redirect"
    assert entry["token_url"] == f"{origin}/login/oauth2/token"
    assert entry["jwks_url"] == f"{origin}/api/lti/security/jwks"


def test_addresses_of_an_unknown_product_have_to_be_given(casebook: Casebook) -> None:
    arguments = ["--issuer", "https://lms.example", "--client-id", "1", "--deployment", "1"]
    arguments += ["--token-url", "https://lms.example/token"]
    result = casebook("add", *arguments)
    assert result.exit_code == 2
    assert "--authorization-url and --jwks-url" in result.stderr
    assert _all(casebook) == []


def test_a_malformed_address_is_named_in_one_line_and_nothing_is_stored(casebook: Casebook) -> None:
    result = casebook("add", *MOODLE, "--deployment", "1", "--jwks-url", "http://moodle.example/k")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: jwks_url: 'http://moodle.example/k' has to begin with https://.\n"
    )
    assert _all(casebook) == []


def test_the_same_client_is_not_registered_twice(casebook: Casebook) -> None:
    assert casebook("add", *MOODLE, "--deployment", "1").exit_code == 0
    again = casebook("add", *MOODLE, "--deployment", "2")
    assert again.exit_code == 1
    assert "registered already" in again.stderr


def test_a_platform_is_switched_off_and_on_by_the_beginning_of_its_id(casebook: Casebook) -> None:
    casebook("add", *MOODLE, "--deployment", "1")
    short = _all(casebook)[0]["id"][:8]
    assert casebook("disable", short).exit_code == 0
    assert _all(casebook)[0]["state"] == "disabled"
    assert casebook("approve", short, "--deployment", "2").exit_code == 0
    shown = json.loads(casebook("show", short, "--json").stdout)
    assert (shown["state"], shown["deployments"]) == ("active", ["1", "2"])


def test_people_read_a_table(casebook: Casebook) -> None:
    assert "No platform is registered yet" in casebook("list").stdout
    casebook("add", *MOODLE, "--deployment", "1", "--name", "Physics")
    head, row = casebook("list").stdout.splitlines()
    assert head.split()[:4] == ["ID", "STATE", "PLATFORM", "NAME"]
    assert row.split()[1:] == [
        *("active", "moodle", "Physics", "https://moodle.example", "abc", "1"),
    ]
    shown = casebook("show", row.split()[0]).stdout
    assert "token url" in shown


def test_an_id_of_no_registration_ends_with_one_sentence(casebook: Casebook) -> None:
    result = casebook("show", "12345678")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no registration '12345678'")


def test_a_folder_without_a_casebook_says_how_to_start_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["registration", "--state", str(tmp_path / "none"), "list"])
    assert result.exit_code == 1
    assert "./run" in result.stderr
    assert not (tmp_path / "none").exists()


def test_the_embedded_database_of_a_folder_is_reached_by_its_socket(
    server: EmbeddedPostgres,
) -> None:
    assert server.is_ready()  # and its own database, which has no table yet, is there
    state = str(server._folder.parent)
    result = CliRunner().invoke(main, ["registration", "--state", state, "list"])
    assert result.exit_code == 1
    assert "lacks Casebook's tables" in result.stderr


def test_a_database_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://casebook@127.0.0.1:1/casebook")
    result = CliRunner().invoke(main, ["registration", "list"])
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.stderr


def test_a_database_without_tables_is_named(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres)
    result = CliRunner().invoke(main, ["registration", "list"])
    assert result.exit_code == 1
    assert "lacks Casebook's tables" in result.stderr


def test_an_invitation_is_an_address_with_a_secret_that_the_database_knows(
    casebook: Casebook, database: Database
) -> None:
    result = casebook("invite", "--name", "Physics", "--public-url", "https://tool.example/")
    address, _, secret = result.stdout.strip().partition("?invitation=")
    assert address == "https://tool.example/lti/register"
    with database.transaction() as session:
        assert invitations.claim(session, secret).name == "Physics"


@pytest.mark.parametrize("name", ["", "x" * 201, "two\nlines"])
def test_an_invitation_by_an_unfit_name_is_refused(casebook: Casebook, name: str) -> None:
    result = casebook("invite", "--name", name)
    assert result.exit_code == 2
    assert "--name" in result.stderr


def test_an_approval_without_any_deployment_says_that_launches_are_still_refused(
    casebook: Casebook, database: Database
) -> None:
    casebook("add", *MOODLE, "--deployment", "1")
    with database.transaction() as session:
        session.execute(delete(Deployment))
    result = casebook("approve", _all(casebook)[0]["id"])
    assert result.exit_code == 0
    assert "still refused" in result.stderr
