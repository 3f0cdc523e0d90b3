import json
import re
from datetime import timedelta

from lti_tool.models.launch_session import LaunchSession
from tests.lti_tool.views.conftest import PLATFORM, Launched, Site


def _boot(html: str) -> dict[str, str]:
    found = re.search(r'<script type="application/json" id="casebook-boot">(.*?)</script>', html)
    assert found
    boot = json.loads(found[1])
    assert isinstance(boot, dict)
    return boot


def test_a_ticket_opens_the_page_with_all_that_the_front_end_starts_with(site: Site) -> None:
    launched = site.launch()
    response = site.app.test_client().get(f"{launched.page}?ticket={launched.ticket}")
    assert response.status_code == 200
    boot = _boot(response.text)
    assert boot.pop("token")
    assert boot == {
        "attempt_id": str(launched.attempt_id),
        "api": launched.api,
        "locale": "en",
        "title": "Wine & <cheese>",
        "role": "learner",
    }
    assert '<script type="module" src="/static/dist/assets/main-a1.js"></script>' in response.text
    assert '<link rel="modulepreload" href="/static/dist/assets/shared-c3.js">' in response.text
    assert '<link rel="stylesheet" href="/static/dist/assets/main-b2.css">' in response.text
    assert "<noscript>" in response.text
