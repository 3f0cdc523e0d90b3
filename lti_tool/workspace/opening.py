"""Opening the workspace page."""

from sqlalchemy.orm import Session

from grading.rules.ruff import PYTHON
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
    )
