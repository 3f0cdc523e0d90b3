import pytest
from flask import Flask
from structlog.testing import capture_logs

from config.settings import Settings
from lti_tool.launch.errors import CaseNotReadyError, UnknownPlatformError
from lti_tool.views.error_table import BY_CLASS, BY_STATUS, UNEXPECTED, rule_for
from notebooks.errors import KernelError
from notebooks.kernels.errors import RunnerUnreachableError
from tests.lti_tool.site import Site, json_of


@pytest.fixture
def breaking(shell: Flask) -> Flask:
    """The application with addresses that fail."""

    def fail() -> str:
        raise ZeroDivisionError("the secret is a walrus")

    def refuse() -> str:
        raise UnknownPlatformError("No registration of https://evil.example")

    shell.add_url_rule("/fail", view_func=fail)
    shell.add_url_rule("/api/fail", "api_fail", view_func=fail)
    shell.add_url_rule("/refuse", view_func=refuse)
    return shell


def test_what_nobody_expected_tells_people_a_reference_and_operators_the_rest(
    breaking: Flask,
) -> None:
    with capture_logs() as logs:
        response = breaking.test_client().get("/fail")
    assert response.status_code == 500
    assert "walrus" not in response.text
    [entry] = logs
    assert f"reference <code>{entry['reference']}</code>" in response.text
    assert isinstance(entry["exc_info"], ZeroDivisionError)
    assert (entry["path"], entry["log_level"]) == ("/fail", "error")


def test_the_api_answers_the_same_fault_in_json(breaking: Flask) -> None:
    with capture_logs() as logs:
        response = breaking.test_client().get("/api/fail")
    assert response.status_code == 500
    assert json_of(response)["code"] == "internal"
    assert json_of(response)["reference"] == logs[0]["reference"]


def test_a_refused_launch_shows_its_sentence_and_logs_its_reason(breaking: Flask) -> None:
    with capture_logs() as logs:
        response = breaking.test_client().get("/refuse")
    assert response.status_code == 403
    assert UnknownPlatformError.sentence in response.text
    assert "evil" not in response.text
    assert (logs[0]["reason"], logs[0]["log_level"]) == (
        "No registration of https://evil.example", "warning",
    )  # fmt: skip


def test_a_case_that_is_being_built_is_no_fault_of_the_launch() -> None:
    rule = rule_for(CaseNotReadyError("wine has no ready version"))
    assert (rule.status, rule.code) == (503, "case_not_ready")


def test_an_error_is_answered_by_its_nearest_class() -> None:
    away = RunnerUnreachableError("no answer")
    assert rule_for(away) is BY_CLASS[KernelError]
    assert rule_for(KeyError("x")) is UNEXPECTED


def test_every_rule_says_what_happened_and_answers_a_real_error_status() -> None:
    for rule in (*BY_CLASS.values(), *BY_STATUS.values(), UNEXPECTED):
        assert 400 <= rule.status < 600
        assert rule.title
        assert rule.code.isidentifier()
    codes = [rule.code for rule in BY_CLASS.values()]
    assert len(set(codes)) == len({id(rule) for rule in BY_CLASS.values()})


def test_a_database_that_is_away_is_said_and_worth_a_retry(shell: Flask) -> None:
    response = shell.test_client().get("/healthz")
    assert response.status_code == 503
    assert response.headers["Retry-After"]


def test_a_reachable_database_is_health(site: Site) -> None:
    response = site.app.test_client().get("/healthz")
    assert (response.status_code, json_of(response)) == (200, {"ok": True})


def test_the_wrong_method_names_the_right_ones(shell: Flask) -> None:
    response = shell.test_client().put("/healthz")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_error_pages_say_what_to_do(shell: Flask) -> None:
    page = shell.test_client().get("/no-such-page").text
    assert "There is no such page" in page
    assert "open the activity again" in page
    assert "<code>not_found</code>" in page


def test_the_root_page_tells_an_administrator_the_addresses(
    shell: Flask, settings: Settings
) -> None:
    page = shell.test_client().get("/").text
    for path in ("/lti/login", "/lti/launch", "/lti/jwks"):
        assert f"{settings.public_url}{path}" in page
    assert settings.demo_lms_url in page
