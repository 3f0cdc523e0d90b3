import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from config.settings import Settings
from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.activities import read_activities
from lti_tool.demo_lms.app import create_app
from lti_tool.demo_lms.errors import DemoLmsError, NotADemoError
from lti_tool.demo_lms.guards import is_loopback
from lti_tool.demo_lms.keys import load_or_create_key
from tests.lti_tool.demo_lms.conftest import World
from tests.lti_tool.demo_lms.servers import serving
from tests.lti_tool.demo_lms.tool_double import TLS, score


def test_the_platform_refuses_to_run_outside_demo_mode(tmp_path: Path) -> None:
    with pytest.raises(NotADemoError, match="CASEBOOK_DEMO=true"):
        create_app(Settings(state_dir=tmp_path, demo=False))


@pytest.mark.parametrize("url", ["https://tool.example.org", "http://192.168.1.5:8001"])
def test_the_platform_refuses_to_serve_a_tool_with_a_public_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(NotADemoError, match="loopback only"):
        create_app(Settings(state_dir=tmp_path, public_url_override=url))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback_addresses_are_told_from_others(address: str | None, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_loopback(address) is expected


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.0.2", "2001:db8::1"])
def test_a_request_from_another_machine_is_refused(world: World, address: str) -> None:
    client = world.app.test_client()
    for path in ("/", "/lti/jwks", "/static/demo-lms.css"):
        response = client.get(path, base_url=world.url, environ_base={"REMOTE_ADDR": address})
        assert response.status_code == 403


def test_another_host_name_is_sent_to_the_right_one(world: World) -> None:
    port = world.settings.port
    with world.browser() as browser:
        for host in (f"localhost:{port}", "rebound.example.org"):
            response = browser.get("/activities/wine?a=b%20c", headers={"Host": host})
            assert response.status_code == 307
            assert response.headers["Location"] == f"{world.url}/activities/wine?a=b%20c"


def test_a_post_under_another_host_name_is_refused(world: World) -> None:
    with world.browser() as browser:
        response = browser.post("/people", data={"person": "201"}, headers={"Host": "evil.test"})
    assert response.status_code == 421
    assert "set-cookie" not in response.headers


def test_pages_allow_only_their_own_parts_and_the_tools_frame(world: World) -> None:
    with world.browser() as browser:
        headers = browser.get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"frame-src 'self' http://localhost:{world.settings.tool_port};" in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_activities_come_from_the_case_folders_and_broken_ones_are_left_out(
    examples: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for slug, text in {
        "Bad Name": "title: x",
        "no-title": "subtasks: []",
        "no-yaml": "a: [",
    }.items():
        (examples / slug).mkdir()
        (examples / slug / "case.yaml").write_text(text, encoding="utf-8")
    (examples / "no-case").mkdir()
    found = read_activities(examples)
    assert [(activity.slug, activity.subtasks, activity.points) for activity in found] == [
        ("cities", 1, 2.5),
        ("wine", 3, 10),
    ]
    assert len([record for record in caplog.records if "left out" in record.message]) == 3


def test_a_case_without_points_is_worth_a_hundred(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "case.yaml").write_text("title: Plain", encoding="utf-8")
    (activity,) = read_activities(tmp_path)
    assert activity.points == 100


def test_a_folder_without_cases_gives_an_empty_course(tmp_path: Path) -> None:
    assert read_activities(tmp_path / "missing") == ()


def test_a_restart_keeps_grades_tokens_spent_assertions_and_the_key(world: World) -> None:
    item = f"{world.url}/lti/services/2/lineitems/2/lineitem"
    assertion = world.tool.assertion()
    token = world.tool.ask_token(" ".join(vocab.SCOPES), client_assertion=assertion).json()
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    with httpx.Client(headers=bearer, verify=TLS) as service:
        headers = {"Content-Type": vocab.MEDIA_SCORE}
        service.post(f"{item}/scores", content=score(), headers=headers).raise_for_status()
        again = create_app(world.settings, examples=world.examples).test_client()
        results = again.get(
            "/lti/services/2/lineitems/2/lineitem/results",
            base_url=world.url,
            headers={**bearer, "Accept": vocab.MEDIA_RESULTS},
        )
    assert results.get_json(force=True)[0]["resultScore"] == 7
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": vocab.JWT_BEARER,
        "client_assertion": assertion,
        "scope": vocab.SCOPE_SCORE,
    }
    replay = again.post("/lti/token", base_url=world.url, data=form)
    assert replay.status_code == 401
    with world.browser() as browser:
        before = browser.get("/lti/jwks").json()
    assert again.get("/lti/jwks", base_url=world.url).get_json() == before


def test_a_restart_with_changed_cases_updates_their_columns(world: World) -> None:
    text = (world.examples / "cities" / "case.yaml").read_text(encoding="utf-8")
    changed = text.replace("Cities on a map", "Towns").replace("2.5", "6")
    (world.examples / "cities" / "case.yaml").write_text(changed, encoding="utf-8")
    create_app(world.settings, examples=world.examples)
    with sqlite3.connect(world.settings.state_dir / "demo_lms.sqlite") as connection:
        rows = connection.execute("SELECT label, score_maximum FROM line_item").fetchall()
    connection.close()
    assert rows == [("Towns", 6), ("Wine: which cultivar is it?", 10)]


def test_processes_that_start_together_agree_on_one_private_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "demo_lms.pem"
    with ThreadPoolExecutor(3) as pool:
        keys = list(pool.map(lambda _: load_or_create_key(path), range(3)))
    assert len({key.kid for key in keys}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["demo_lms.pem"]


def test_the_database_is_readable_by_its_owner_only(world: World) -> None:
    path = world.settings.state_dir / "demo_lms.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_broken_key_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo_lms.pem"
    path.write_bytes(content)
    with pytest.raises(DemoLmsError, match=r"demo_lms\.pem: not a private key"):
        load_or_create_key(path)


def test_two_servers_may_share_the_state(world: World, lms_settings: Settings) -> None:
    other = create_app(lms_settings, examples=world.examples)
    item = "/lti/services/2/lineitems/2/lineitem"
    statuses = []
    with world.tool.service() as service, serving(other, world.settings.port, "127.0.0.2"):
        for number, host in enumerate(["127.0.0.1", "127.0.0.2"] * 3):
            response = service.post(
                f"http://{host}:{world.settings.port}{item}/scores",
                content=score(timestamp=f"2026-01-02T03:04:0{number}Z"),
                headers={
                    "Content-Type": vocab.MEDIA_SCORE,
                    "Host": f"127.0.0.1:{world.settings.port}",
                },
            )
            statuses.append(response.status_code)
    assert statuses == [200] * 6
