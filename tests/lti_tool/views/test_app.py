import pytest
from flask import Flask, request
from pydantic import SecretStr

from config.errors import DatabaseUnavailableError
from config.settings import Settings
from lti_tool.app import create_app

NOWHERE = SecretStr("postgresql://nobody@/nothing?host=/nonexistent")


def _scheme_and_host(settings: Settings, public_url: str | None) -> str:
    """Return what the application takes a request for that says it came by another way."""
    app = create_app(
        settings.model_copy(update={"database_url": NOWHERE, "public_url_override": public_url})
    )
    app.add_url_rule("/seen", view_func=lambda: f"{request.scheme} {request.host}")
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    return app.test_client().get("/seen", headers=forwarded).text


def test_without_a_database_it_is_said_how_to_get_one(settings: Settings) -> None:
    with pytest.raises(DatabaseUnavailableError, match=r"\./run"):
        create_app(settings)


def test_behind_https_the_proxy_tells_the_scheme_and_never_the_host(settings: Settings) -> None:
    assert _scheme_and_host(settings, "https://casebook.example") == "https localhost"


def test_on_loopback_nobody_is_believed_to_be_a_proxy(settings: Settings) -> None:
    assert _scheme_and_host(settings, None) == "http localhost"


def test_the_factory_connects_to_nothing(shell: Flask) -> None:
    assert shell.test_client().get("/").status_code == 200
