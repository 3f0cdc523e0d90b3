from typing import Any

import pytest

from lti_tool.models import PlatformFamily
from lti_tool.registration.discovery import (
    PLATFORM_CONFIGURATION,
    TOOL_CONFIGURATION,
    parse_configuration,
    parse_registered,
)
from lti_tool.registration.errors import PlatformAnswerError

MOODLE = "https://moodle.example"
CLOUD = "https://canvas.instructure.com"
SSO = "https://sso.canvaslms.com"


def _document(**changes: Any) -> dict[str, Any]:
    usual = {
        "issuer": MOODLE,
        "authorization_endpoint": f"{MOODLE}/auth",
        "token_endpoint": f"{MOODLE}/token",
        "jwks_uri": f"{MOODLE}/certs",
        "registration_endpoint": f"{MOODLE}/register",
        PLATFORM_CONFIGURATION: {"product_family_code": "moodle", "version": "5"},
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def _canvas(**changes: Any) -> dict[str, Any]:
    return _document(
        issuer=CLOUD,
        authorization_endpoint=f"{SSO}/api/lti/authorize_redirect",
        token_endpoint=f"{SSO}/login/oauth2/token",
        jwks_uri=f"{SSO}/api/lti/security/jwks",
        registration_endpoint="https://school.instructure.com/api/lti/registrations",
        **{PLATFORM_CONFIGURATION: {"product_family_code": "canvas"}},
        **changes,
    )


def test_moodles_configuration_is_read() -> None:
    read = parse_configuration(_document(), source=f"{MOODLE}/configuration")
    assert (read.family, read.host) == (PlatformFamily.MOODLE, "moodle.example")
    assert (read.token_url, read.token_audience) == (f"{MOODLE}/token", None)


def test_an_unknown_product_is_a_platform_like_any_other() -> None:
    document = _document(**{PLATFORM_CONFIGURATION: None})
    assert parse_configuration(document, source=MOODLE).family is PlatformFamily.GENERIC


def test_an_audience_of_its_own_is_kept() -> None:
    document = _document(authorization_server="https://auth.example")
    read = parse_configuration(document, source=MOODLE)
    assert read.token_audience == "https://auth.example"


def test_the_usual_port_may_be_named_or_not() -> None:
    parse_configuration(_document(token_endpoint="https://moodle.example:443/t"), source=MOODLE)


def test_hosts_of_the_canvas_cloud_belong_together() -> None:
    source = "https://school.instructure.com/api/lti/security/openid-configuration"
    assert parse_configuration(_canvas(), source=source).family is PlatformFamily.CANVAS


@pytest.mark.parametrize(
    ("document", "source"),
    [
        (_canvas(), "https://canvas.evil.example/configuration"),
        (_canvas(), "https://evilinstructure.com/configuration"),
        (_canvas(), "https://instructure.com.evil.example/configuration"),
        (_canvas() | {"token_endpoint": "https://evil.example/token"}, CLOUD),
        (_canvas() | {"issuer": "https://evil.example"}, "https://evil.example/c"),
        (_canvas() | {"issuer": "https://school.instructure.com"}, CLOUD),
        (_document(), "https://evil.example/configuration"),
        (_document(), "https://moodle.example:8443/configuration"),
        (_document(), "https://moodle.example.evil.example/configuration"),
        (_document(jwks_uri="https://evil.example/certs"), MOODLE),
        (_document(registration_endpoint="https://evil.example/register"), MOODLE),
        (_document(authorization_endpoint="https://evil.example/auth"), MOODLE),
    ],
)
def test_nobody_speaks_for_the_issuer_of_another(document: dict[str, Any], source: str) -> None:
    with pytest.raises(PlatformAnswerError, match="but the issuer at"):
        parse_configuration(document, source=source)


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ([], "document:"),
        (_document(issuer=None), "issuer: Field required"),
        (_document(jwks_uri=7), "jwks_uri:"),
        (_document(token_endpoint="http://moodle.example/token"), "token_endpoint:"),
        (_document(registration_endpoint="file:///etc/passwd"), "registration_endpoint:"),
        (_document(authorization_endpoint="x" * 3000), "authorization_endpoint:"),
    ],
)
def test_what_is_missing_or_malformed_is_named(document: Any, word: str) -> None:
    with pytest.raises(PlatformAnswerError, match=word):
        parse_configuration(document, source=MOODLE)


def test_an_answer_may_hold_a_deployment_or_not_and_numbers_for_names() -> None:
    read = parse_registered({"client_id": 10, TOOL_CONFIGURATION: {"deployment_id": 3}})
    assert (read.client_id, read.deployment_id) == ("10", "3")
    assert parse_registered({"client_id": "c"}).deployment_id is None


def test_an_answer_without_a_client_id_is_refused() -> None:
    with pytest.raises(PlatformAnswerError, match="client_id"):
        parse_registered({"error": "no"})
