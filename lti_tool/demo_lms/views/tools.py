"""Dynamic registration: the administrator's pages, and what the tool asks meanwhile."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo_lms import clients, vocab
from lti_tool.demo_lms.guards import refuse_foreign_post
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.identity import require_teacher, visitor
from lti_tool.demo_lms.views.service import require_body_type

blueprint = Blueprint("tools", __name__)


@blueprint.get("/tools")
def tools() -> str:
    """List the tool's registrations; the teacher is the administrator, too."""
    require_teacher()
    platform = current_platform()
    with platform.store.reading() as connection:
        found = clients.all_clients(connection)
    return render_template(
        "tools.html", here="tools", me=visitor(), first=platform.registration, clients=found
    )


@blueprint.post("/tools/add")
def add() -> str:
    """Open the tool's registration page in a frame, with what it needs to ask back."""
    require_teacher()
    refuse_foreign_post()
    platform = current_platform()
    url = request.form.get("url", "").strip()
    if not url.startswith(f"{platform.tool.origin}/"):
        abort(400, description=f"This demo registers one tool only: {platform.tool.origin}/…")
    with platform.store.writing() as connection:
        token = clients.begin(connection)
    parts = urlsplit(url)
    query = [
        *parse_qsl(parts.query),
        ("openid_configuration", f"{platform.issuer}{url_for('.configuration')}"),
        ("registration_token", token),
    ]
    source = urlunsplit(parts._replace(query=urlencode(query)))
    return render_template("register.html", here="activity", me=visitor(), source=source)


@blueprint.get("/tools/add")
def added() -> BaseResponse:
    """Go back to the list; a registration that was left begins anew from there."""
    return redirect(url_for(".tools"), code=303)


@blueprint.post("/tools/use")
def use() -> BaseResponse:
    """Open activities by another registration from now on."""
    require_teacher()
    refuse_foreign_post()
    platform = current_platform()
    chosen = request.form.get("client")
    with platform.store.writing() as connection:
        known = {client.client_id for client in clients.all_clients(connection)}
        if chosen not in known | {platform.registration.client_id}:
            abort(400, description="There is no such registration.")
        clients.use(connection, chosen if chosen in known else None)
    return redirect(url_for(".tools"), code=303)


@blueprint.get("/lti/openid-configuration")
def configuration() -> Response:
    """Describe the platform to a tool that wants to register."""
    issuer, registration = current_platform().issuer, current_platform().registration
    return jsonify(
        {
            "issuer": issuer,
            "authorization_endpoint": registration.authorization_url,
            "token_endpoint": registration.token_url,
            "token_endpoint_auth_methods_supported": [vocab.PRIVATE_KEY_JWT],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": registration.jwks_url,
            "registration_endpoint": f"{issuer}{url_for('.register')}",
            "scopes_supported": ["openid", *vocab.SCOPES],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["iss", "sub", "name", "given_name", "family_name", "email"],
            vocab.PLATFORM_CONFIGURATION: {
                "product_family_code": "casebook-demo-lms",
                "version": "1",
                "messages_supported": [
                    {"type": vocab.RESOURCE_LINK_REQUEST},
                    {"type": vocab.DEEP_LINKING_REQUEST},
                ],
                "variables": [],
            },
        }
    )


@blueprint.post("/lti/register")
def register() -> Response:
    """Register the tool that the administrator is just adding, once for each token."""
    platform = current_platform()
    body = clients.parse(require_body_type("application/json"), platform.tool)
    with platform.store.writing() as connection:
        clients.take_token(connection, request.headers.get("Authorization"))
        client = clients.register(connection, body)
    return jsonify(clients.answer(body, client))
