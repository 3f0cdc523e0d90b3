"""The page behind the link in a grade book's comment: it says where the work is opened.

Whoever follows the link has no session here, and only a launch can give one: who somebody is, the
LMS alone can say.
"""

from uuid import UUID

from flask import Blueprint, render_template

from lti_tool.extensions import transaction
from lti_tool.security import frame_by
from lti_tool.services.work import whereabouts_of

blueprint = Blueprint("work", __name__)


@blueprint.get("/work/<uuid:attempt_id>")
def show(attempt_id: UUID) -> str:
    """Name the activity and lead to its LMS."""
    with transaction() as session:
        page = whereabouts_of(session, attempt_id)
    frame_by("*")  # inert: no form, nobody's data; grade books of any platform may show it
    return render_template("work.html", page=page)
