import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from werkzeug.test import TestResponse

from config.database import utcnow
from lti_tool.models import PlatformFamily, Registration
from lti_tool.models.launch_session import CourseRole
from tests.lti_tool.site import PLATFORM, Launched, Site


def _open(site: Site, launched: Launched) -> TestResponse:
    return site.app.test_client().get(f"{launched.page}?ticket={launched.ticket}")


def _boot(html: str) -> dict[str, str]:
    found = re.search(r'<script type="application/json" id="casebook-boot">(.*?)</script>', html)
    assert found
    boot = json.loads(found[1])
    assert isinstance(boot, dict)
    return boot


def test_a_ticket_opens_the_page_with_all_that_the_front_end_starts_with(site: Site) -> None:
    launched = site.launch(role=CourseRole.ASSISTANT)
    response = _open(site, launched)
    assert response.status_code == 200
    boot = _boot(response.text)
    assert boot.pop("token")
    left = datetime.fromisoformat(boot.pop("expires_at")) - utcnow()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert boot == {
        "attempt_id": str(launched.attempt_id),
        "api": launched.api,
        "locale": "en",
        "title": "Wine & <cheese>",
        "role": "assistant",
        "python": f"py{sys.version_info.major}{sys.version_info.minor}",
        "resized_by": None,
    }
    assert '<script type="module" src="/static/dist/assets/main-a1.js"></script>' in response.text
    assert '<link rel="modulepreload" href="/static/dist/assets/shared-c3.js">' in response.text
    assert '<link rel="stylesheet" href="/static/dist/assets/main-b2.css">' in response.text
    assert "<noscript>" in response.text
    assert "<title>Wine &amp; &lt;cheese&gt; · Casebook</title>" in response.text


def test_the_token_of_the_page_opens_the_api(site: Site) -> None:
    launched = site.launch()
    token = _boot(_open(site, launched).text)["token"]
    response = site.app.test_client().get(
        launched.api, headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status_code == 200


def test_a_page_on_canvas_is_told_whom_to_ask_for_a_taller_frame(site: Site) -> None:
    with site.database.transaction() as session:
        session.execute(update(Registration).values(platform=PlatformFamily.CANVAS))
    assert _boot(_open(site, site.launch()).text)["resized_by"] == PLATFORM


def test_only_the_launching_platform_may_frame_the_page(site: Site) -> None:
    policy = _open(site, site.launch()).headers["Content-Security-Policy"]
    assert policy.endswith(f"; frame-ancestors {PLATFORM}")


def test_the_nonce_in_the_page_is_the_one_in_its_policy_and_new_each_time(site: Site) -> None:
    nonces = set()
    for _ in range(2):
        response = _open(site, site.launch())
        found = re.search(r'<meta name="csp-nonce" content="([^"]+)">', response.text)
        assert found
        assert f"'nonce-{found[1]}'" in response.headers["Content-Security-Policy"]
        nonces.add(found[1])
    assert len(nonces) == 2


def test_a_ticket_is_used_once(site: Site) -> None:
    launched = site.launch()
    assert _open(site, launched).status_code == 200
    second = _open(site, launched)
    assert second.status_code == 401
    assert "open the activity again" in second.text


def test_of_requests_side_by_side_one_gets_the_page(site: Site) -> None:
    launched = site.launch()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: _open(site, launched).status_code, range(4)))
    assert sorted(answers) == [200, 401, 401, 401]


@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 5000])
def test_a_wrong_ticket_opens_nothing_and_spoils_nothing(site: Site, ticket: str) -> None:
    launched = site.launch()
    client = site.app.test_client()
    assert client.get(f"{launched.page}?ticket={ticket}").status_code == 401
    assert _open(site, launched).status_code == 200


def test_a_ticket_opens_no_other_launch(site: Site) -> None:
    mine, other = site.launch(), site.launch()
    response = site.app.test_client().get(f"{other.page}?ticket={mine.ticket}")
    assert response.status_code == 401


def test_a_ticket_that_lay_about_is_refused(site: Site) -> None:
    assert _open(site, site.launch(age=timedelta(minutes=6))).status_code == 401


def test_a_launch_that_has_ended_opens_nothing(site: Site) -> None:
    launched = site.launch(age=timedelta(minutes=2), lasts=timedelta(minutes=1))
    assert _open(site, launched).status_code == 401


def test_an_unknown_launch_looks_like_an_ended_one(site: Site) -> None:
    response = site.app.test_client().get(f"/workspace/{uuid4()}?ticket=x")
    assert response.status_code == 401


def test_the_cookie_opens_the_page_again_after_a_reload(site: Site) -> None:
    launched = site.launch()
    response = _open(site, launched)
    cookie = response.headers["Set-Cookie"]
    for attribute in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert attribute in cookie
    assert f"Path={launched.page};" in cookie
    value = cookie.partition(";")[0]
    again = site.app.test_client(use_cookies=False).get(
        f"{launched.page}?ticket={launched.ticket}", headers={"Cookie": value}
    )
    assert again.status_code == 200


def test_the_cookie_of_one_launch_opens_no_other(site: Site) -> None:
    mine, other = site.launch(), site.launch()
    value = _open(site, mine).headers["Set-Cookie"].partition(";")[0]
    response = site.app.test_client(use_cookies=False).get(other.page, headers={"Cookie": value})
    assert response.status_code == 401


def test_a_cookie_is_no_bearer_token_and_a_token_no_cookie(site: Site) -> None:
    launched = site.launch()
    value = _open(site, launched).headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    client = site.app.test_client(use_cookies=False)
    as_bearer = client.get(launched.api, headers={"Authorization": f"Bearer {value}"})
    as_cookie = client.get(launched.page, headers={"Cookie": f"casebook_session={launched.token}"})
    assert (as_bearer.status_code, as_cookie.status_code) == (401, 401)


def test_opening_the_page_has_the_kernel_made_ready_once(site: Site) -> None:
    launched = site.launch()
    _open(site, launched)
    with site.database.transaction() as session:
        jobs = session.execute(
            text("SELECT args FROM procrastinate_jobs WHERE task_name = 'notebooks:prepare_kernel'")
        ).scalars()
        assert list(jobs) == [{"attempt_id": str(launched.attempt_id)}]


def test_without_the_built_front_end_the_page_says_how_to_build_it(site: Site) -> None:
    (site.wiring.static_folder / "dist" / ".vite" / "manifest.json").unlink()
    response = _open(site, site.launch())
    assert response.status_code == 500
    assert "npm ci &amp;&amp; npm run build" in response.text
