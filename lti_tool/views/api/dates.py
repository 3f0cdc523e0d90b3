"""When an activity's work is due, for its staff to say."""

from flask import Blueprint
from pydantic import AwareDatetime

from lti_tool.errors import StaffOnlyError
from lti_tool.extensions import transaction
from lti_tool.sessions.principal import Principal
from lti_tool.views.requests import Body, Json, for_work, read_body
from lti_tool.workspace.dates import set_due

blueprint = Blueprint("dates", __name__, url_prefix="/api/attempts/<uuid:attempt_id>")


class DatesBody(Body):
    """The date, with its offset from UTC; null says that there is none."""

    due_at: AwareDatetime | None


@blueprint.put("/dates")
@for_work
def save(principal: Principal) -> Json:
    """Set the due date of the activity, for everybody in it."""
    if not principal.role.is_staff:
        raise StaffOnlyError
    body = read_body(DatesBody)
    with transaction() as session:
        set_due(session, principal.attempt_id, body.due_at)
    return {"due_at": None if body.due_at is None else body.due_at.isoformat()}
