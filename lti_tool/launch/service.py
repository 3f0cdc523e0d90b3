"""Login and launch: what happens, in which order, and what is committed when."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sqlalchemy.orm import Session

from config.database import utcnow
from config.settings import Settings
from lti_tool.launch import checks, messages, state
from lti_tool.launch.arrivals import ARRIVALS, Arrival, LaunchOutcome
from lti_tool.launch.claims import Envelope
from lti_tool.launch.detours import Detour, NewTab, OfferedStorage, offered_storage
from lti_tool.launch.errors import DeploymentError
from lti_tool.launch.requests import LaunchResponse, LoginRequest
from lti_tool.models import Registration
from lti_tool.services.jwks import KeySets
from lti_tool.services.keys import KeyStore
from lti_tool.services.registrations import find_for_launch, find_for_login, note_deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchKit:
    """What logins and launches work with, made once per process."""

    settings: Settings
    transaction: Callable[[], AbstractContextManager[Session]]
    """A session that commits at the end of its block."""
    key_sets: KeySets
    """The platforms' keys."""
    key_store: KeyStore
    """Our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRedirect:
    """Where the browser goes to be recognised, and the secret that it brings back."""

    url: str
    cookie_name: str
    cookie_value: str
    storage: OfferedStorage | None
    """Where the browser keeps the secret as well."""
    ticket: str
    """Begins the login again in a tab of its own, where a frame can keep nothing."""


def redirect_uri(settings: Settings) -> str:
    """Return the one URL that platforms have registered and answers come to."""
    return f"{settings.public_url}/lti/launch"


def begin_login(kit: LaunchKit, request: LoginRequest) -> LoginRedirect:
    """Answer a platform's login initiation; raises LoginRequestError or UnknownPlatformError."""
    checks.check_own_target(request.target_link_uri, kit.settings.public_url)
    with kit.transaction() as session:
        registration = find_for_login(session, issuer=request.issuer, client_id=request.client_id)
        begun = state.begin(
            session,
            registration_id=registration.id,
            request=request,
            now=utcnow(),
        )
    return LoginRedirect(
        url=_authorization_url(registration, request, begun, redirect_uri(kit.settings)),
        cookie_name=state.cookie_name(begun.state),
        cookie_value=begun.browser_secret,
        storage=offered_storage(registration, request.storage_target),
        ticket=begun.ticket,
    )


def begin_again(kit: LaunchKit, ticket: str) -> LoginRedirect:
    """Begin a login anew in a tab of its own; raises what `begin_login` does, or LaunchStateError.

    The old one is over, so that of the two only the new one can be answered.
    """
    with kit.transaction() as session:
        request = state.take_back(session, ticket=ticket, now=utcnow())
    return begin_login(kit, request)


def without_cookie(kit: LaunchKit, response: LaunchResponse) -> Detour:
    """Return the way on for a browser that sent no cookie; the login stays as it is.

    Raises LaunchCookieError if there is none, since the login is over, and TokenRefusedError if the
    answer could not be accepted anyway.
    """
    with kit.transaction() as session:
        login = state.recall(session, state=response.state, now=utcnow())
        registration, _ = find_for_launch(session, login.registration_id)
    storage = offered_storage(registration, login.storage_target)
    checks.check_header(messages.read_header(response.id_token))
    if storage is not None and response.stored_secret is None:
        return storage
    return NewTab(login.ticket)


def launch(
    kit: LaunchKit, response: LaunchResponse, *, browser_secret: str | None
) -> LaunchOutcome:
    """Believe a platform's answer, or raise the LaunchRefusedError that says why not.

    The state is used up first, in a transaction of its own: whatever happens then, the same answer
    never comes in again. No connection is held while the platform's keys are fetched, and nothing
    is stored before the signature and every rule have been checked; but an unknown deployment is,
    for an operator to look at.
    """
    with kit.transaction() as session:
        login = state.consume(
            session, state=response.state, browser_secret=browser_secret, now=utcnow()
        )
    with kit.transaction() as session:
        registration, deployments = find_for_launch(session, login.registration_id)
    key_id = checks.check_header(messages.read_header(response.id_token))
    key = kit.key_sets.key(registration.jwks_url, key_id)
    payload = messages.verify(response.id_token, key)
    envelope = Envelope.from_payload(payload)
    try:
        _check(envelope, registration, deployments, login)
    except DeploymentError:
        # By now it is known that the platform itself says so, in answer to this very login.
        with kit.transaction() as session:
            note_deployment(session, registration.id, envelope.deployment_id)
        raise
    arrival = Arrival(
        settings=kit.settings, registration=registration, envelope=envelope, payload=payload
    )
    with kit.transaction() as session:
        return ARRIVALS[envelope.message_type](session, arrival)


def _check(
    envelope: Envelope,
    registration: Registration,
    deployments: frozenset[str],
    login: state.AnsweredLogin,
) -> None:
    """Apply every rule; the order decides only which error is told."""
    checks.check_issuer(envelope, registration.issuer)
    checks.check_audience(envelope, registration.client_id)
    checks.check_authorized_party(envelope, registration.client_id)
    checks.check_times(envelope, time.time())
    checks.check_nonce(envelope, login.nonce)
    checks.check_version(envelope)
    checks.check_message_type(envelope)
    checks.check_deployment(envelope, deployments)
    checks.check_subject(envelope, allow_anonymous=registration.allow_anonymous)
    checks.check_target_link(envelope, login.target_link_uri)
    checks.check_login_deployment(envelope, login.deployment_id)


def _authorization_url(
    registration: Registration, request: LoginRequest, begun: state.BegunLogin, redirect: str
) -> str:
    """Return the authentication request (IMS Security Framework 1.0, §5.1.1.2)."""
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": redirect,
        "state": begun.state,
        "nonce": begun.nonce,
        "login_hint": request.login_hint,
    }
    if request.message_hint is not None:
        parameters["lti_message_hint"] = request.message_hint
    parts = urlsplit(registration.authorization_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    return urlunsplit(parts._replace(query=query))
