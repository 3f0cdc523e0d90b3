import pytest
from flask import Flask

from tests.lti_tool.site import Site

PATHS = [
    "/",
    "/healthz",
    "/nothing-here",
    "/workspace/x",
    "/api/attempts/x",
    "/static/css/pages.css",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_a_strict_policy(shell: Flask, path: str) -> None:
    headers = shell.test_client().get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src")
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    for part in ("base-uri 'none'", "form-action 'self'", "img-src 'self' data:"):
        assert part in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in headers


def test_nobody_may_frame_a_page_that_no_launch_opened(shell: Flask) -> None:
    policy = shell.test_client().get("/").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'none'")


def test_an_error_page_can_be_seen_inside_any_platform(shell: Flask) -> None:
    response = shell.test_client().get("/workspace/nothing")
    assert response.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    assert "<form" not in response.text


def test_workspace_and_api_are_never_stored(site: Site) -> None:
    launched = site.launch()
    client = site.app.test_client()
    for response in (
        client.get(f"{launched.page}?ticket={launched.ticket}"),
        client.get(launched.api, headers=launched.bearer),
        client.get(launched.api),
    ):
        assert response.headers["Cache-Control"] == "no-store"
