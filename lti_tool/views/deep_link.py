"""The dialog's page: staff choose cases or upload them, and the platform is told.

One form does everything, with or without scripts: whatever button is pressed, what was typed comes
back. The token in it stands for a cookie, which frames may not have.
"""

from dataclasses import dataclass, field
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import MethodNotAllowed

from lti_tool.deep_linking.answering import answer
from lti_tool.deep_linking.choices import MOST_CHOSEN, Choice, Typed
from lti_tool.deep_linking.desk import Desk, Upload, choices_of, lay_out, upload_now
from lti_tool.deep_linking.dialogs import check_token, enter, find_open
from lti_tool.deep_linking.shelf import MOST_SHOWN
from lti_tool.deep_linking.uploads import receive, safe_name
from lti_tool.deep_linking.wording import Words
from lti_tool.errors import SessionExpiredError
from lti_tool.extensions import transaction
from lti_tool.launch.origins import origin_of
from lti_tool.launch.service import redirect_uri
from lti_tool.models import Dialog
from lti_tool.security import frame_by, post_to
from lti_tool.sessions.tokens import Purpose
from lti_tool.wiring import launch_kit, wiring
from notebooks.cases.problems import Problem
from notebooks.objects import FileSystemStore

blueprint = Blueprint("deep_link", __name__)

COOKIE = "casebook_dialog"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An upload that cannot become a case."""

    file: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogPage:
    """What `deep_link.html` shows."""

    t: Words
    dialog: Dialog
    token: str
    desk: Desk
    search: str = ""
    fault: str = ""
    """A sentence above the buttons."""
    upload_fault: str = ""
    refused: Refused | None = None
    upload_bytes: int = field(default_factory=lambda: wiring().settings.upload_bytes)

    @property
    def upload_mib(self) -> int:
        """Return the limit of an upload, for people."""
        return self.upload_bytes // MEBIBYTE

    @property
    def searchable(self) -> bool:
        """Return whether there is so much that a search helps."""
        return bool(self.search) or self.desk.total > MOST_SHOWN // 5


@blueprint.get("/lti/deep-link")
def closed() -> Response:
    """Say that this opens from a course: it is the target of the platform's message."""
    raise MethodNotAllowed


@blueprint.get("/lti/deep-link/<uuid:dialog_id>")
def show(dialog_id: UUID) -> Response:
    """Open the page with a launch's one-time ticket, or again with the cookie of a reload."""
    ticket, cookie = request.args.get("ticket"), request.cookies.get(COOKIE)
    tokens = wiring().tokens
    with transaction() as session:
        dialog = enter(session, tokens, dialog_id=dialog_id, ticket=ticket, cookie=cookie)
        desk = lay_out(session, dialog, Typed.from_form(MultiDict()), "")
    response = _page(dialog, desk)
    response.set_cookie(
        COOKIE,
        tokens.sign(dialog_id, Purpose.DIALOG),
        path=f"/lti/deep-link/{dialog_id}",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    return response


@blueprint.post("/lti/deep-link/<uuid:dialog_id>")
def act(dialog_id: UUID) -> Response:
    """Do what the pressed button says."""
    check_token(wiring().tokens, dialog_id, request.form.get("token", ""))
    match request.form.get("action"):
        case "add":
            return _add(dialog_id)
        case "cancel":
            return _cancel(dialog_id)
        case "upload":
            return _upload(dialog_id)
        case _:
            return _again(dialog_id)


@blueprint.get("/lti/deep-link/<uuid:dialog_id>/uploads/<uuid:version_id>")
def upload_state(dialog_id: UUID, version_id: UUID) -> Response:
    """Return one upload's part of the page, for the page's own script."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise SessionExpiredError
    check_token(wiring().tokens, dialog_id, authorization.token)
    with transaction() as session:
        dialog = find_open(session, dialog_id)
        upload = upload_now(session, dialog, version_id, Typed.from_form(MultiDict()))
    return _part(dialog, upload)


def _add(dialog_id: UUID) -> Response:
    typed = Typed.from_form(request.form)
    with transaction() as session:
        dialog = find_open(session, dialog_id, lock=True)
        desk = lay_out(session, dialog, typed, _search())
        chosen = choices_of(desk, typed, dialog)
    if isinstance(chosen, str):
        return _page(dialog, desk, fault=Words(dialog.locale)(chosen, most=MOST_CHOSEN))
    return _answer(dialog, chosen)


def _cancel(dialog_id: UUID) -> Response:
    with transaction() as session:
        dialog = find_open(session, dialog_id)
    return _answer(dialog, [])


def _answer(dialog: Dialog, chosen: list[Choice]) -> Response:
    """Send the browser back to the platform with what was chosen."""
    kit = launch_kit()
    with transaction() as session:
        made = answer(
            session,
            dialog.id,
            chosen,
            keys=kit.key_store,
            launch_url=redirect_uri(kit.settings),
        )
    frame_by(dialog.frame_ancestors)
    post_to(origin_of(made.return_url) or "'none'")
    t = Words(dialog.locale)
    return make_response(render_template("deep_link_response.html", answer=made, t=t))


def _upload(dialog_id: UUID) -> Response:
    """Take the file, or say what is wrong with it; the page comes back in any case."""
    received = request.files.get("file")
    if received is None or not received.filename:
        return _again(dialog_id, missing=True)
    name = received.filename
    objects = FileSystemStore(wiring().settings.objects_dir)
    problems = receive(name, received.save, dialog_id, transaction=transaction, objects=objects)
    refused = Refused(file=safe_name(name), problems=problems) if problems else None
    return _again(dialog_id, refused)


def _again(dialog_id: UUID, refused: Refused | None = None, *, missing: bool = False) -> Response:
    """Show the page as it is, with what was typed."""
    with transaction() as session:
        dialog = find_open(session, dialog_id)
        desk = lay_out(session, dialog, Typed.from_form(request.form), _search())
    fault = Words(dialog.locale)("upload.missing") if missing else ""
    return _page(dialog, desk, refused=refused, upload_fault=fault)


def _search() -> str:
    return request.form.get("search", "")


def _page(
    dialog: Dialog,
    desk: Desk,
    *,
    fault: str = "",
    upload_fault: str = "",
    refused: Refused | None = None,
) -> Response:
    page = DialogPage(
        t=Words(dialog.locale),
        dialog=dialog,
        token=wiring().tokens.sign(dialog.id, Purpose.DIALOG),
        desk=desk,
        search=_search(),
        fault=fault,
        upload_fault=upload_fault,
        refused=refused,
    )
    frame_by(dialog.frame_ancestors)
    status = 422 if fault or upload_fault or refused else 200
    return make_response(render_template("deep_link.html", page=page), status)


def _part(dialog: Dialog, upload: Upload) -> Response:
    t = Words(dialog.locale)
    return make_response(render_template("_upload.html", upload=upload, dialog=dialog, t=t))
