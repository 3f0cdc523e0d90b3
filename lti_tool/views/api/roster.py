"""How a course stands with an assignment, for those who teach it."""

from flask import Blueprint

from lti_tool.errors import ForbiddenError
from lti_tool.extensions import transaction
from lti_tool.services.rosters import standing
from lti_tool.views.requests import Json, current_principal

blueprint = Blueprint("roster", __name__, url_prefix="/api/roster")


@blueprint.get("")
def show() -> Json:
    """Answer how many learners are in the course, and how many of them have begun."""
    principal = current_principal()
    if not principal.role.is_staff:
        raise ForbiddenError
    with transaction() as session:
        found = standing(session, principal.assignment_id)
    return {
        "learners": found.learners,
        "begun": found.begun,
        "not_begun": found.learners - found.begun,
        "synced_at": found.synced_at.isoformat() if found.synced_at is not None else None,
    }
