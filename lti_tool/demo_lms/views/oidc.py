"""Launches: login initiation, authentication request, id_token, and the way back.

https://www.imsglobal.org/spec/security/v1p0#openid_connect_launch_flow
"""

import time
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from lti_tool.demo_lms import clients, launches, line_items
from lti_tool.demo_lms.authorization import (
    Authenticate,
    Refuse,
    Repost,
    check_client,
    decide,
)
from lti_tool.demo_lms.errors import AuthorizationError
from lti_tool.demo_lms.id_token import Launch, launch_claims
from lti_tool.demo_lms.line_items import Filters
from lti_tool.demo_lms.platform import Platform, current_platform
from lti_tool.demo_lms.registration import DemoRegistration
from lti_tool.demo_lms.views.identity import cookie_person
from lti_tool.demo_lms.views.pages import find_activity

blueprint = Blueprint("oidc", __name__, url_prefix="/lti")
_REPOSTED = "reposted"


@blueprint.get("/start/<slug>")
def start(slug: str) -> str:
    """Initiate a login at the tool, from inside the activity's frame."""
    platform, activity, person = current_platform(), find_activity(slug), cookie_person()
    if person is None:
        abort(403, description="Nobody is logged in; open the course page first.")
    with platform.store.writing() as connection:
        hint = launches.begin(connection, person_id=person.id, slug=activity.slug)
        registration = clients.in_use(connection, platform.registration)
    fields = {
        "iss": platform.issuer,
        "login_hint": person.id,
        "target_link_uri": platform.tool.launch_url,
        "lti_message_hint": hint,
        "client_id": registration.client_id,
        "lti_deployment_id": registration.deployment_id,
    }
    return _form(platform.tool.login_url, fields)


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


def _id_token(
    platform: Platform, client: DemoRegistration, decision: Authenticate
) -> dict[str, str]:
    with platform.store.writing() as connection:
        slug = launches.take(connection, decision.message_hint, person_id=decision.person.id)
        activity = platform.activity(slug) if slug is not None else None
        if activity is None:
            return {
                "error": "launch_no_longer_valid",
                "error_description": "This launch was used or has expired; open the activity again",
            }
        link = activity.resource_link_id
        items = line_items.find(connection, Filters(resource_link_id=link))
    launch = Launch(
        person=decision.person,
        activity=activity,
        nonce=decision.nonce,
        issued_at=int(time.time()),
        line_items_url=platform.line_items_url,
        line_item_url=platform.line_item_url(items[0].id) if len(items) == 1 else None,
        memberships_url=platform.memberships_url,
        return_url=f"{platform.issuer}{url_for('.leave', slug=activity.slug)}",
    )
    claims = launch_claims(launch, client, platform.tool)
    return {"id_token": platform.key.sign(claims)}


def _state(values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the state as it came, to be echoed in every answer."""
    return {"state": values["state"][0]} if values.get("state") else {}


def _form(action: str, fields: Mapping[str, str], *, method: str = "post") -> str:
    return render_template("form.html", action=action, fields=fields, method=method)
