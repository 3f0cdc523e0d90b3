"""How far the course has come with an activity, for its staff."""

from uuid import UUID

from flask import Blueprint

from lti_tool.errors import StaffOnlyError
from lti_tool.extensions import transaction
from lti_tool.roster.standing import standing_of
from lti_tool.sessions.principal import Principal
from lti_tool.views.requests import Json, for_attempt
from notebooks.attempts.service import get_attempt

blueprint = Blueprint("standing", __name__, url_prefix="/api/attempts/<uuid:attempt_id>")


@blueprint.get("/standing")
@for_attempt
def show(principal: Principal) -> Json:
    """Return how many students have and have not begun; null where no roster is known."""
    if not principal.role.is_staff:
        raise StaffOnlyError
    with transaction() as session:
        attempt = get_attempt(session, principal.attempt_id)
        standing = standing_of(session, UUID(attempt.assignment_key))
    return {"standing": None if standing is None else standing.as_json()}
