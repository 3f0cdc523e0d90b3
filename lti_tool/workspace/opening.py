"""Opening the workspace page."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.rules.ruff import PYTHON
from lti_tool.models import LtiUser, Registration
from lti_tool.platforms.families import PLATFORMS
from lti_tool.sessions.principal import Principal
from lti_tool.sessions.tokens import Purpose, Tokens
from lti_tool.workspace.records import Boot
from notebooks.attempts.service import get_attempt, request_kernel
from notebooks.cases.profile import Profile


def open_page(session: Session, principal: Principal, *, tokens: Tokens) -> Boot:
    """Return what the page starts with; have the kernel of who may use it made ready meanwhile."""
    attempt = get_attempt(session, principal.attempt_id)
    profile = Profile.model_validate(attempt.case_version.profile)
    if principal.role.may_work:
        request_kernel(session, attempt.id)
    return Boot(
        token=tokens.sign(principal.session_id, Purpose.BEARER),
        expires_at=min(tokens.expiry(Purpose.BEARER), principal.expires_at),
        attempt_id=attempt.id,
        api=f"/api/attempts/{attempt.id}",
        locale=profile.locale,
        title=profile.title,
        role=principal.role,
        python=PYTHON,
        resized_by=_resized_by(session, principal),
    )


def _resized_by(session: Session, principal: Principal) -> str | None:
    """Return the origin of the platform's page if it takes wishes for the height of our frame."""
    family = session.scalars(
        select(Registration.platform)
        .join(LtiUser, LtiUser.registration_id == Registration.id)
        .where(LtiUser.id == principal.user_id)
    ).one()
    known = principal.frame_ancestor.startswith(("https://", "http://"))
    return principal.frame_ancestor if known and PLATFORMS[family].resizes_frames else None
