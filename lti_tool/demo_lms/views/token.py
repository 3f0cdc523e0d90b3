"""The token endpoint: client credentials with a signed assertion, RFC 6749 and RFC 7523."""

from flask import Blueprint, Response, jsonify, request

from lti_tool.demo_lms import clients, tokens, vocab
from lti_tool.demo_lms.assertions import claimed_client, verify_assertion
from lti_tool.demo_lms.errors import TokenError
from lti_tool.demo_lms.platform import current_platform

blueprint = Blueprint("token", __name__, url_prefix="/lti")


@blueprint.post("/token")
def issue_token() -> Response:
    """Give the tool a bearer token for those of the asked scopes that exist."""
    platform = current_platform()
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenError(400, "The body must be application/x-www-form-urlencoded")
    if request.form.get("grant_type") != "client_credentials":
        raise TokenError(
            400, "grant_type must be client_credentials", error="unsupported_grant_type"
        )
    if request.form.get("client_assertion_type") != vocab.JWT_BEARER:
        raise TokenError(400, f"client_assertion_type must be {vocab.JWT_BEARER}")
    signed = request.form.get("client_assertion", "")
    with platform.store.reading() as connection:
        client = clients.by_id(connection, platform.registration, claimed_client(signed))
    assertion = verify_assertion(signed, keys=platform.tool_keys, registration=client)
    scopes = tokens.grantable(request.form.get("scope", ""))
    with platform.store.writing() as connection:
        token = tokens.issue(connection, assertion, scopes)
    response = jsonify(
        {
            "access_token": token.value,
            "token_type": vocab.BEARER,
            "expires_in": tokens.LIFETIME_SECONDS,
            "scope": " ".join(token.scopes),
        }
    )
    response.headers["Cache-Control"] = "no-store"
    return response
