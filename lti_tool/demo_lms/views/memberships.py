"""The NRPS roster of the course.

https://www.imsglobal.org/spec/lti-nrps/v2p0/
"""

from flask import Blueprint, Response, request

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.course import PEOPLE
from lti_tool.demo_lms.paging import page_of
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.service import answer, require_accept, require_course, require_scope

blueprint = Blueprint("memberships", __name__, url_prefix="/lti/services/<course_id>/memberships")


@blueprint.get("")
def list_members(course_id: str) -> Response:
    """Answer a page of the people in the course, of one role if `role` says so."""
    require_scope(vocab.SCOPE_MEMBERSHIP)
    course = require_course(course_id)
    require_accept(vocab.MEDIA_MEMBERSHIPS)
    url, wanted = current_platform().memberships_url(course.id), request.args.get("role")
    chosen = [
        person
        for person in PEOPLE
        if wanted is None or wanted in {person.role, person.role.rpartition("#")[2]}
    ]
    page = page_of(chosen, request.args.to_dict(), url)
    body = {
        "id": url,
        "context": course.as_context(),
        "members": [person.as_member() for person in page.entries],
    }
    return answer(body, vocab.MEDIA_MEMBERSHIPS, headers=page.headers())
