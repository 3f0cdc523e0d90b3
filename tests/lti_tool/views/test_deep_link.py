import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.sessions.tokens import Purpose
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.journal.log import append
from tests.conformance.choosing import Form
from tests.lti_tool.dialogs import SOLVED, Opened, add_dialog, notebook
from tests.lti_tool.factories import add_case
from tests.lti_tool.site import PLATFORM, Site

Press = Callable[..., TestResponse]


@pytest.fixture
def client(site: Site) -> FlaskClient:
    return site.app.test_client()


@pytest.fixture
def dialog(site: Site) -> Opened:
    return add_dialog(site.database)


@pytest.fixture
def press(site: Site, client: FlaskClient, dialog: Opened) -> Press:
    """Press a button of the dialog's form."""
    token = site.wiring.tokens.sign(dialog.id, Purpose.DIALOG)

    def send(action: str, **fields: Any) -> TestResponse:
        return client.post(dialog.path, data={"token": token, "action": action, **fields})

    return send


def _file(content: bytes = SOLVED, name: str = "squares.ipynb") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def _uploaded(site: Site) -> CaseVersion:
    with site.database.transaction() as session:
        return session.scalars(select(CaseVersion).where(CaseVersion.title == "Squares")).one()


def _set(site: Site, version: CaseVersion, **changes: Any) -> None:
    with site.database.transaction() as session:
        row = session.get_one(CaseVersion, version.id)
        for name, value in changes.items():
            setattr(row, name, value)


def test_the_page_is_framed_by_its_platform_alone_and_never_stored(
    client: FlaskClient, dialog: Opened
) -> None:
    response = client.get(dialog.address)
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {PLATFORM}")
    assert "form-action 'self';" in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert "Wine &amp; &lt;cheese&gt;" in response.text
    assert "Data &lt;science&gt;" in response.text
    assert "style=" not in response.text


def test_a_cookie_of_the_dialog_is_one_that_frames_may_have(
    client: FlaskClient, dialog: Opened
) -> None:
    cookie = client.get(dialog.address).headers["Set-Cookie"]
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", f"Path={dialog.path}"):
        assert part in cookie


def test_the_target_of_the_message_says_that_it_opens_from_a_course(client: FlaskClient) -> None:
    response = client.get("/lti/deep-link")
    assert response.status_code == 405
    assert "in your course" in response.text


def test_the_token_of_a_workspace_opens_no_dialog(site: Site, client: FlaskClient) -> None:
    opened = add_dialog(site.database)
    for purpose in (Purpose.BEARER, Purpose.COOKIE):
        token = site.wiring.tokens.sign(opened.id, purpose)
        assert client.post(opened.path, data={"token": token}).status_code == 401


def test_the_language_is_the_platforms(site: Site, client: FlaskClient) -> None:
    page = client.get(add_dialog(site.database, locale="ru-RU").address).text
    assert '<html lang="ru">' in page
    assert "Добавить в курс" in page
    assert "Add to the course" not in page


def test_only_the_answer_may_go_to_the_platform_and_to_it_alone(press: Press, site: Site) -> None:
    with site.database.transaction() as session:
        [version] = session.scalars(select(CaseVersion.id))
    response = press("add", pick=str(version))
    assert response.status_code == 200
    assert f"form-action {PLATFORM};" in response.headers["Content-Security-Policy"]
    form = Form(response.text)
    assert (form.action, list(form.fields)) == (f"{PLATFORM}/return", ["JWT"])


def test_a_return_url_cannot_break_out_of_the_form(site: Site, client: FlaskClient) -> None:
    url = f"{PLATFORM}/return?a=\"><script>alert(1)</script>&b='"
    opened = add_dialog(site.database, return_url=url)
    token = site.wiring.tokens.sign(opened.id, Purpose.DIALOG)
    page = client.post(opened.path, data={"token": token, "action": "cancel"}).text
    assert "<script>alert" not in page
    assert Form(page).action == url


def test_searching_keeps_what_is_ticked_and_what_was_typed(press: Press, site: Site) -> None:
    with site.database.transaction() as session:
        key = str(add_case(session, "glass").id)
    fields = {"pick": key, f"title-{key}": "My <glass>", f"points-{key}": "4", f"hints-{key}": "0"}
    response = press("search", search="cheese", **fields)
    assert response.status_code == 200
    form = Form(response.text).fields
    assert form["pick"] == [key]
    assert (form[f"title-{key}"], form[f"points-{key}"]) == (["My <glass>"], ["4"])
    assert form[f"hints-{key}"] == ["0"]
    assert "Wine &amp; &lt;cheese&gt;" in response.text


def test_a_search_that_finds_nothing_says_so(press: Press) -> None:
    assert "No case is called like that" in press("search", search="zebra").text


def test_nothing_ticked_is_said_at_the_buttons(press: Press) -> None:
    response = press("add")
    assert response.status_code == 422
    assert "Tick a case first." in response.text


def test_an_upload_without_a_file_asks_for_one(press: Press) -> None:
    response = press("upload")
    assert response.status_code == 422
    assert "Choose a file first." in response.text


def test_an_upload_is_shown_until_it_can_be_ticked(press: Press, site: Site) -> None:
    page = press("upload", file=_file()).text
    version = _uploaded(site)
    assert "Waits for its turn" in page
    assert f'name="pick" value="{version.id}"' not in page
    assert Form(page).fields["waiting"] == [str(version.id)]
    _set(site, version, state=BuildState.READY)
    page = press("look", waiting=str(version.id)).text
    assert Form(page).fields["pick"] == [str(version.id)]
    assert page.count(f'value="{version.id}"') == 1


def test_what_becomes_ready_takes_no_place_where_one_is_taken_and_another_is_ticked(
    site: Site, client: FlaskClient
) -> None:
    opened = add_dialog(site.database, accept_multiple=False)
    fields = {"token": site.wiring.tokens.sign(opened.id, Purpose.DIALOG)}
    client.post(opened.path, data={**fields, "action": "upload", "file": _file()})
    version = _uploaded(site)
    _set(site, version, state=BuildState.READY)
    with site.database.transaction() as session:
        other = session.scalars(select(CaseVersion.id).where(CaseVersion.id != version.id)).one()
    waiting = {**fields, "action": "look", "waiting": str(version.id)}
    page = client.post(opened.path, data={**waiting, "pick": str(other)}).text
    assert Form(page).fields["pick"] == [str(other)]
    page = client.post(opened.path, data=waiting).text
    assert Form(page).fields["pick"] == [str(version.id)]


def test_a_broken_notebook_is_shown_with_file_cell_and_line(press: Press, site: Site) -> None:
    broken = notebook(("markdown", "# A"), ("markdown", "## B"), ("code", "x = ("))
    with site.database.transaction() as session:
        [version] = session.scalars(select(CaseVersion.id))
    response = press("upload", file=_file(broken, "b<r>.ipynb"), pick=str(version))
    assert response.status_code == 422
    assert re.search(
        r"b_r_.ipynb, cell 3, line 1</code>\s+The code does not compile", response.text
    )
    assert Form(response.text).fields["pick"] == [str(version)]
    with site.database.transaction() as session:
        assert session.scalars(select(CaseVersion.id)).all() == [version]


def test_a_file_that_is_too_large_is_refused(site: Site, press: Press) -> None:
    site.app.config["MAX_CONTENT_LENGTH"] = 1000
    response = press("upload", file=_file(b"x" * 2000))
    assert response.status_code == 413
    assert "choose a smaller file" in response.text


def test_the_script_gets_one_upload_as_the_page_shows_it(
    press: Press, site: Site, client: FlaskClient, dialog: Opened
) -> None:
    press("upload", file=_file())
    version = _uploaded(site)
    address = f"{dialog.path}/uploads/{version.id}"
    token = site.wiring.tokens.sign(dialog.id, Purpose.DIALOG)
    bearer = {"Authorization": f"Bearer {token}"}

    def part() -> str:
        response = client.get(address, headers=bearer)
        assert response.status_code == 200
        assert response.text.strip().startswith("<li")
        return response.text

    with site.database.transaction() as session:
        append(session, version.stream_id, "build.changed", {"state": "building", "problems": []})
        payload = {"step": "installing", "packages": 12}
        append(session, version.stream_id, "build.progress", payload)
    assert "Installs 12 packages" in part()
    assert "data-url" in part()
    _set(site, version, state=BuildState.READY)
    assert "checked" in part()
    assert "“Squares” is ready." in part()
    problem = {"file": "squares.ipynb", "cell": 3, "line": 1, "message": "It <failed>."}
    _set(site, version, state=BuildState.FAILED, problems=[problem])
    assert "squares.ipynb, cell 3, line 1" in part()
    assert "It &lt;failed&gt;." in part()
    assert "data-url" not in part()

    assert client.get(address).status_code == 401
    other = add_dialog(site.database)
    theirs = {"Authorization": f"Bearer {site.wiring.tokens.sign(other.id, Purpose.DIALOG)}"}
    assert client.get(address, headers=theirs).status_code == 401
    elsewhere = f"{other.path}/uploads/{version.id}"
    assert client.get(elsewhere, headers=theirs).status_code == 404
