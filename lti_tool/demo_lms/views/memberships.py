"""The Names and Role Provisioning Service: who is in the course.

https://www.imsglobal.org/spec/lti-nrps/v2p0/
"""

from typing import Any

from flask import Blueprint, Response, request

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.course import COURSE, PEOPLE, Person
from lti_tool.demo_lms.paging import page_of
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.service import answer, require_accept, require_course, require_scope

blueprint = Blueprint("memberships", __name__, url_prefix="/lti/services/<course_id>/memberships")


@blueprint.get("")
def list_members(course_id: str) -> Response:
    """Answer a page of the course's people, of one role if the query says so."""
    require_scope(vocab.SCOPE_MEMBERSHIP)
    require_course(course_id)
    require_accept(vocab.MEDIA_MEMBERSHIPS)
    platform = current_platform()
    role = request.args.get("role")
    found = [one for one in PEOPLE if role in {None, one.role, one.role.rpartition("#")[2]}]
    page = page_of(found, request.args.to_dict(), platform.memberships_url)
    body = {
        "id": platform.memberships_url,
        "context": {"id": COURSE.id, "label": COURSE.label, "title": COURSE.title},
        "members": [_member(one) for one in page.entries],
    }
    return answer(body, vocab.MEDIA_MEMBERSHIPS, headers=page.headers())


def _member(person: Person) -> dict[str, Any]:
    return {
        "status": "Active",
        "user_id": person.id,
        "roles": [person.role],
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "email": person.email,
    }
