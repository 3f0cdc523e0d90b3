"""Launches and dialogs: login initiation, authentication request, id_token, and the way back.

https://www.imsglobal.org/spec/security/v1p0#openid_connect_launch_flow
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from lti_tool.demo_lms import choosing, clients, launches, line_items
from lti_tool.demo_lms.authorization import (
    Authenticate,
    Refuse,
    Repost,
    check_client,
    decide,
)
from lti_tool.demo_lms.choosing import Dialog
from lti_tool.demo_lms.course import Course, Person, course_by_id
from lti_tool.demo_lms.errors import AuthorizationError
from lti_tool.demo_lms.id_token import (
    Choice,
    Launch,
    Recognised,
    choice_claims,
    launch_claims,
)
from lti_tool.demo_lms.line_items import Filters
from lti_tool.demo_lms.platform import Platform, current_platform
from lti_tool.demo_lms.registration import DemoRegistration
from lti_tool.demo_lms.views.finding import find_activity, find_course
from lti_tool.demo_lms.views.identity import cookie_person, require_teacher

blueprint = Blueprint("oidc", __name__, url_prefix="/lti")
_REPOSTED = "reposted"
_NO_DIALOG = (
    "The registration that activities are opened by announces no dialog for choosing; "
    "register the tool again under Tools."
)


@blueprint.get("/start/<slug>")
def start(slug: str) -> str:
    """Initiate a login at the tool, from inside the activity's frame.

    The activity's page says by `storage` that it keeps data for the tool.
    """
    platform, activity, person = current_platform(), find_activity(slug), _logged_in()
    with platform.store.writing() as connection:
        hint = launches.begin(connection, person_id=person.id, slug=activity.slug)
        registration = clients.in_use(connection, platform.registration)
    target = activity.url or platform.tool.launch_url
    return _login(platform, registration, person, hint=hint, target=target)


@blueprint.get("/choose/<course_id>")
def choose(course_id: str) -> str:
    """Initiate a login at the tool for a dialog, from inside the frame of "Add an activity"."""
    require_teacher()
    platform, course, person = current_platform(), find_course(course_id), _logged_in()
    with platform.store.writing() as connection:
        registration = clients.in_use(connection, platform.registration)
        target = clients.choice_url(connection, platform.tool, registration)
        if target is None:
            abort(409, description=_NO_DIALOG)
        hint = choosing.begin(
            connection,
            course_id=course.id,
            person_id=person.id,
            client_id=registration.client_id,
        )
    return _login(platform, registration, person, hint=hint, target=target)


@blueprint.route("/authorize", methods=["GET", "POST"])
def authorize() -> str:
    """Answer the tool's authentication request by a form that posts the id_token to it."""
    platform = current_platform()
    values = request.values.to_dict(flat=False)
    with platform.store.reading() as connection:
        client = clients.by_id(connection, platform.registration, request.values.get("client_id"))
    try:
        check_client(values, client, platform.tool)
    except AuthorizationError as error:
        abort(400, description=str(error))
    decision = decide(values, person=cookie_person(), reposted=_REPOSTED in values)
    match decision:
        case Repost():
            again = {name: given[0] for name, given in values.items()} | {_REPOSTED: "1"}
            return _form(url_for(".authorize"), again, method="get")
        case Authenticate():
            answer = _id_token(platform, client, decision)
        case Refuse():
            answer = {"error": decision.error, "error_description": decision.description}
    return _form(platform.tool.launch_url, {**answer, **_state(values)})


@blueprint.get("/jwks")
def jwks() -> Response:
    """Publish the key that signs id_tokens."""
    return jsonify(current_platform().key.jwks())


@blueprint.get("/return/<slug>")
def leave(slug: str) -> str:
    """Show what the tool says at the end, with a way out of the frame."""
    message = request.args.get("lti_errormsg") or request.args.get("lti_msg")
    return render_template("return.html", activity=find_activity(slug), message=message)


def _logged_in() -> Person:
    person = cookie_person()
    if person is None:
        abort(403, description="Nobody is logged in; open the course page first.")
    return person


def _login(
    platform: Platform, registration: DemoRegistration, person: Person, *, hint: str, target: str
) -> str:
    fields = {
        "iss": platform.issuer,
        "login_hint": person.id,
        "target_link_uri": target,
        "lti_message_hint": hint,
        "client_id": registration.client_id,
        "lti_deployment_id": registration.deployment_id,
    }
    if request.args.get("storage"):
        fields["lti_storage_target"] = "_parent"
    return _form(platform.tool.login_url, fields)


def _id_token(
    platform: Platform, client: DemoRegistration, decision: Authenticate
) -> dict[str, str]:
    hint, person = decision.message_hint, decision.person
    with platform.store.writing() as connection:
        slug = launches.take(connection, hint, person_id=person.id)
        dialog = choosing.open_at_tool(connection, hint, person_id=person.id)
        claims: dict[str, Any] | None = None
        if slug is not None:
            claims = _launch(platform, connection, client, decision, slug)
        elif dialog is not None:
            claims = _choice(platform, connection, client, decision, dialog)
    if claims is None:
        return {
            "error": "launch_no_longer_valid",
            "error_description": "This launch was used or has expired; open the activity again",
        }
    return {"id_token": platform.key.sign(claims)}


def _launch(
    platform: Platform,
    connection: sqlite3.Connection,
    client: DemoRegistration,
    decision: Authenticate,
    slug: str,
) -> dict[str, Any] | None:
    activity = platform.activity(connection, slug)
    course = None if activity is None else course_by_id(connection, activity.course_id)
    if activity is None or course is None:
        return None
    items = line_items.find(connection, Filters(resource_link_id=activity.resource_link_id))
    launch = Launch(
        activity=activity,
        line_item_url=platform.line_item_url(items[0]) if len(items) == 1 else None,
        return_url=f"{platform.issuer}{url_for('.leave', slug=activity.slug)}",
    )
    return launch_claims(_recognised(platform, decision, course), launch, client, platform.tool)


def _choice(
    platform: Platform,
    connection: sqlite3.Connection,
    client: DemoRegistration,
    decision: Authenticate,
    dialog: Dialog,
) -> dict[str, Any] | None:
    course = course_by_id(connection, dialog.course_id)
    target = clients.choice_url(connection, platform.tool, client)
    if course is None or target is None or dialog.client_id != client.client_id:
        return None
    back = url_for("choices.chosen", token=dialog.token)
    choice = Choice(target=target, return_url=f"{platform.issuer}{back}", data=dialog.token)
    return choice_claims(_recognised(platform, decision, course), choice, client)


def _recognised(platform: Platform, decision: Authenticate, course: Course) -> Recognised:
    return Recognised(
        person=decision.person,
        course=course,
        nonce=decision.nonce,
        issued_at=int(time.time()),
        line_items_url=platform.line_items_url(course.id),
        memberships_url=platform.memberships_url(course.id),
    )


def _state(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the state as it came, to be echoed in every answer."""
    return {"state": values["state"][0]} if values.get("state") else {}


def _form(action: str, fields: Mapping[str, str], *, method: str = "post") -> str:
    return render_template("form.html", action=action, fields=fields, method=method)
