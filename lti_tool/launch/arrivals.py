"""What a verified message leads to, by its type: the page to open, and the session behind it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from config.database import utcnow
from config.settings import Settings
from lti_tool.launch.claims import (
    DeepLinkingRequest,
    Envelope,
    ResourceLinkLaunch,
    SubmissionReview,
)
from lti_tool.launch.enrolment import note_course
from lti_tool.launch.errors import ChoosingForbiddenError, NoActivityTakenError, ReturnUrlError
from lti_tool.launch.origins import origin_of
from lti_tool.launch.placement import Placement, find_or_add_user, place
from lti_tool.launch.reading import Payload
from lti_tool.launch.review import find_work
from lti_tool.launch.roles import course_role
from lti_tool.models import Dialog, LaunchSession, Registration
from lti_tool.sessions.tickets import new_ticket
from lti_tool.vocab import RESOURCE_LINK_ITEM, MessageType

DIALOG_SECONDS = 2 * 3600
"""How long a dialog may stay open: environments of new cases are built meanwhile."""
DIALOG_KEPT = timedelta(days=1)
"""How long its row is kept after that, so that a late click is answered in words."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that was verified, and from whom."""

    settings: Settings
    registration: Registration
    envelope: Envelope
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchOutcome:
    """A launch that succeeded."""

    path: str
    """The page of ours that it opens."""
    ticket: str
    """Opens the page once."""


def open_activity(session: Session, arrival: Arrival) -> LaunchOutcome:
    """Open the workspace of an activity."""
    opened = ResourceLinkLaunch.from_payload(arrival.payload)
    registration, envelope = arrival.registration, arrival.envelope
    placement = place(session, registration, envelope, opened)
    note_course(session, registration, envelope, opened, role=placement.role, now=utcnow())
    return _enter(session, arrival, placement, opened.return_url)


def open_review(session: Session, arrival: Arrival) -> LaunchOutcome:
    """Open somebody's work from the grade book."""
    review = SubmissionReview.from_payload(arrival.payload)
    placement = find_work(session, arrival.registration, arrival.envelope, review)
    return _enter(session, arrival, placement, review.return_url)


def open_dialog(session: Session, arrival: Arrival) -> LaunchOutcome:
    """Open the page on which staff choose cases.

    Raises ChoosingForbiddenError, NoActivityTakenError or ReturnUrlError.
    """
    asked = DeepLinkingRequest.from_payload(arrival.payload)
    registration, envelope = arrival.registration, arrival.envelope
    role = course_role(asked.roles)
    if not role.is_staff:
        raise ChoosingForbiddenError(f"The role {role.value} does not choose cases")
    if RESOURCE_LINK_ITEM not in asked.accept_types:
        raise NoActivityTakenError(f"The platform's accept_types lack {RESOURCE_LINK_ITEM}")
    check_return_url(asked.return_url, registration)
    now, (ticket, ticket_hash) = utcnow(), new_ticket()
    session.execute(delete(Dialog).where(Dialog.expires_at < now - DIALOG_KEPT))
    row = Dialog(
        registration_id=registration.id,
        deployment_id=envelope.deployment_id,
        user_id=find_or_add_user(session, registration.id, envelope.subject).id,
        context_id=asked.context_id,
        context_title=asked.context_title,
        locale=asked.locale,
        return_url=asked.return_url,
        data=asked.data,
        accept_multiple=asked.accept_multiple,
        accept_line_item=asked.accept_line_item,
        frame_ancestors=_frame_ancestors(registration, asked),
        ticket_hash=ticket_hash,
        created_at=now,
        expires_at=now + timedelta(seconds=DIALOG_SECONDS),
    )
    session.add(row)
    session.flush()
    _log.info("dialog opened", registration=str(registration.id), dialog=str(row.id))
    return LaunchOutcome(path=f"/lti/deep-link/{row.id}", ticket=ticket)


ARRIVALS: Final[Mapping[str, Callable[[Session, Arrival], LaunchOutcome]]] = {
    MessageType.RESOURCE_LINK: open_activity,
    MessageType.SUBMISSION_REVIEW: open_review,
    MessageType.DEEP_LINKING: open_dialog,
}
"""What each type of message that `checks.OFFERED` lets through leads to."""


def check_return_url(url: str, registration: Registration) -> None:
    """Raise ReturnUrlError unless the choice may go there.

    The platform has signed the address, and schools have hosts of their own, so that its host may
    be another than the issuer's. But it has to have an origin that a header can name, no login in
    it, and what is agreed on by https is not answered over http.
    """
    parts = urlsplit(url)
    if origin_of(url) is None or parts.username is not None or parts.password is not None:
        raise ReturnUrlError("deep_link_return_url has no plain origin")
    own = urlsplit(registration.authorization_url).scheme
    if parts.scheme != "https" and own == "https":
        raise ReturnUrlError("deep_link_return_url is http, and the platform's own addresses https")


def _enter(
    session: Session, arrival: Arrival, placement: Placement, return_url: str | None
) -> LaunchOutcome:
    """Give a session for the work that a launch leads to."""
    ticket, ticket_hash = new_ticket()
    now = utcnow()
    row = LaunchSession(
        user_id=placement.user.id,
        assignment_id=placement.assignment.id,
        attempt_id=placement.attempt.id,
        role=placement.role,
        return_url=return_url,
        frame_ancestor=_frame_ancestor(arrival.registration, return_url),
        ticket_hash=ticket_hash,
        created_at=now,
        expires_at=now + timedelta(seconds=arrival.settings.session_seconds),
    )
    session.add(row)
    session.flush()
    _log.info(
        "launched",
        registration=str(arrival.registration.id),
        assignment=str(placement.assignment.id),
        attempt=str(placement.attempt.id),
        role=placement.role.value,
    )
    return LaunchOutcome(path=f"/workspace/{row.id}", ticket=ticket)


def _frame_ancestor(registration: Registration, return_url: str | None) -> str:
    """Return the origin of the pages that frame ours.

    The return URL is on the school's own host even where all schools share an issuer (Canvas).
    """
    told = origin_of(return_url) if return_url else None
    return told or origin_of(registration.authorization_url) or "'none'"


def _frame_ancestors(registration: Registration, asked: DeepLinkingRequest) -> str:
    """Return the origins that may frame the dialog: of the course's page, and of what asked."""
    around = _frame_ancestor(registration, asked.page_url)
    asking = _frame_ancestor(registration, asked.return_url)
    return " ".join(dict.fromkeys([around, asking]))
