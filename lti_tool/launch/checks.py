"""What has to hold before a launch is believed: one rule per function, each raising its error.

IMS Security Framework 1.0, §5.1.3, and LTI Core 1.3, §5.3. Nothing here reads a clock, a database
or the network.
"""

import hmac
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from lti_tool.launch.claims import Envelope
from lti_tool.launch.errors import (
    AnonymousError,
    AudienceError,
    ClaimError,
    ClockError,
    DeploymentError,
    LoginRequestError,
    MessageError,
    NonceError,
    TargetLinkError,
    TokenRefusedError,
)
from lti_tool.vocab import VERSION, Claim, MessageType

ALGORITHM = "RS256"
LEEWAY_SECONDS = 30
"""How far a platform's clock may be from ours."""
MAX_AGE_SECONDS = 600
"""How old a token may be, whatever its own `exp` says."""
OFFERED = frozenset(
    {MessageType.RESOURCE_LINK, MessageType.SUBMISSION_REVIEW, MessageType.DEEP_LINKING}
)
SUBJECT_LIMIT = 255
"""LTI Core 1.3, §5.3.6.1: at most 255 ASCII characters."""


def check_header(header: Mapping[str, object]) -> str:
    """Return the key id of a token's header; only RS256 with a named key is looked at further."""
    if header.get("alg") != ALGORITHM:
        raise TokenRefusedError(f"The id_token's algorithm is not {ALGORITHM}")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise TokenRefusedError("The id_token's header names no key (kid)")
    return key_id


def check_issuer(envelope: Envelope, issuer: str) -> None:
    """The token comes from the platform that the login was sent to."""
    if envelope.issuer != issuer:
        raise TokenRefusedError("The id_token's issuer is not the one that the login was sent to")


def check_audience(envelope: Envelope, client_id: str) -> None:
    """The token is meant for us and for nobody whom we do not trust; we trust nobody else."""
    if client_id not in envelope.audience:
        raise AudienceError("The id_token's audience is not our client id")
    if any(party != client_id for party in envelope.audience):
        raise AudienceError("The id_token's audience holds somebody else as well")


def check_authorized_party(envelope: Envelope, client_id: str) -> None:
    """`azp` is ours if present, and present if there are several audiences."""
    if envelope.authorized_party is None and len(envelope.audience) > 1:
        raise AudienceError("The id_token has several audiences and no authorized party (azp)")
    if envelope.authorized_party not in {None, client_id}:
        raise AudienceError("The id_token's authorized party (azp) is not our client id")


def check_times(envelope: Envelope, now: float) -> None:
    """The token is neither expired nor from the future nor older than ten minutes."""
    if envelope.expires_at <= now - LEEWAY_SECONDS:
        raise ClockError(f"The id_token expired {now - envelope.expires_at:.0f} s ago (exp)")
    if envelope.issued_at > now + LEEWAY_SECONDS:
        raise ClockError(f"The id_token is {envelope.issued_at - now:.0f} s in the future (iat)")
    if envelope.issued_at < now - MAX_AGE_SECONDS - LEEWAY_SECONDS:
        raise ClockError(f"The id_token is {now - envelope.issued_at:.0f} s old (iat)")


def check_nonce(envelope: Envelope, nonce: str) -> None:
    """The token answers this login and no other."""
    if not hmac.compare_digest(envelope.nonce.encode(), nonce.encode()):
        raise NonceError("The id_token's nonce is not the one of this login")


def check_version(envelope: Envelope) -> None:
    """The message is LTI 1.3."""
    if envelope.version != VERSION:
        raise MessageError(f"The LTI version is not {VERSION} ({Claim.VERSION})")


def check_message_type(envelope: Envelope) -> None:
    """The message is one that the tool offers."""
    if envelope.message_type not in OFFERED:
        raise MessageError(f"Not a message type that is offered here ({Claim.MESSAGE_TYPE})")


def check_deployment(envelope: Envelope, deployments: Collection[str]) -> None:
    """The deployment is one that was registered; the comparison is case-sensitive."""
    if envelope.deployment_id not in deployments:
        raise DeploymentError(
            "The deployment is not registered: add it with `casebook registration`"
        )


def check_subject(envelope: Envelope, *, allow_anonymous: bool) -> None:
    """The message says who it is about, unless the registration does without."""
    if envelope.subject is None and not allow_anonymous:
        raise AnonymousError("Claim sub is missing")
    if envelope.subject is not None and len(envelope.subject) > SUBJECT_LIMIT:
        raise ClaimError("sub", f"is longer than {SUBJECT_LIMIT} characters")


def check_target_link(envelope: Envelope, requested: str) -> None:
    """The signed target is the one that the unsigned login asked for (Core §5.3.4).

    A dialog may do without, since there is but one place to choose cases in.
    """
    if envelope.target_link_uri is None:
        if envelope.message_type == MessageType.DEEP_LINKING:
            return
        raise ClaimError(Claim.TARGET_LINK_URI, "is missing")
    if envelope.target_link_uri != requested:
        raise TargetLinkError("The id_token's target_link_uri is not the one of the login")


def check_login_deployment(envelope: Envelope, requested: str | None) -> None:
    """The signed deployment is the one that the unsigned login named, if it did (Core §4.1.2)."""
    if requested is not None and envelope.deployment_id != requested:
        raise TargetLinkError("The id_token's deployment is not the one of the login")


def check_own_target(target: str, public_url: str) -> None:
    """A login's target lies on our own origin, under a path of ours; else LoginRequestError."""
    try:
        parts, own = urlsplit(target), urlsplit(public_url)
        same = (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
    except ValueError as error:
        raise LoginRequestError("target_link_uri is not a URL") from error
    allowed = parts.path in {"", "/"} or parts.path.startswith("/lti/")
    if not same or parts.username is not None or not allowed:
        raise LoginRequestError("target_link_uri does not lie on this tool")
