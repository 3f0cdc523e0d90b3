"""The pages that people see: course, activity, grade book."""

import re
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo_lms import line_items, scores
from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.course import person_by_id
from lti_tool.demo_lms.gradebook import Cell, Row, rows_for, standing_of
from lti_tool.demo_lms.guards import refuse_foreign_post
from lti_tool.demo_lms.line_items import LineItem
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.identity import cookie_person, remember, require_teacher, visitor

blueprint = Blueprint("pages", __name__)
_OWN_PATH = re.compile(r"/([a-z0-9_-]+/?)*")


@blueprint.get("/")
def course() -> Response:
    """Show the course with its activities and how the viewer stands in them."""
    me, (_, rows) = visitor(), _book()
    entries = [
        (activity, standing_of(me, activity.resource_link_id, rows))
        for activity in current_platform().activities
    ]
    return _page("course.html", here="course", entries=entries)


@blueprint.get("/activities/<slug>")
def activity(slug: str) -> Response:
    """Show the tool in a frame of another site, and keep data for it unless `?storage=off`."""
    storage = None if request.args.get("storage") == "off" else "_parent"
    tool = current_platform().tool.origin
    return _page(
        "activity.html", here="activity", activity=find_activity(slug), storage=storage, tool=tool
    )


@blueprint.get("/grades")
def grades() -> Response:
    """Show the grade book: the own line to a student, all to the teacher."""
    items, rows = _book()
    return _page("grades.html", here="grades", items=items, rows=rows)


@blueprint.get("/grades.json")
def grades_json() -> Response:
    """List grades, and every score post as it came, so that a test can see doubled ones."""
    require_teacher()
    platform = current_platform()
    items, rows = _book()
    with platform.store.reading() as connection:
        posts = scores.posts(connection)
    return jsonify(
        line_items=[item.as_json(platform.line_item_url(item.id)) for item in items],
        grades=[_graded(row, cell) for row in rows for cell in row.cells if cell.graded_at],
        posts=[
            {**post.as_json(), "lineItem": platform.line_item_url(post.line_item_id)}
            for post in posts
        ],
    )


@blueprint.post("/people")
def switch_person() -> BaseResponse:
    """Become somebody else and come back to the same page."""
    refuse_foreign_post()
    person = person_by_id(request.form.get("person"))
    if person is None:
        abort(400, description="There is no such person in this course.")
    target = request.form.get("next", "/")
    if not _OWN_PATH.fullmatch(target):
        target = url_for("pages.course")
    response = make_response(redirect(target, code=303))
    return remember(response, person)


def find_activity(slug: str) -> Activity:
    """Return the activity or answer 404."""
    found = current_platform().activity(slug)
    if found is None:
        abort(404, description="There is no such activity in this course.")
    return found


def _graded(row: Row, cell: Cell) -> dict[str, Any]:
    return {
        "user_id": row.student.id,
        "name": row.student.name,
        "activity": cell.item.label,
        "resource_link_id": cell.item.resource_link_id,
        "score": cell.score,
        "maximum": cell.maximum,
        "comment": cell.comment,
        "graded_at": cell.graded_at.isoformat() if cell.graded_at else None,
    }


def _book() -> tuple[list[LineItem], tuple[Row, ...]]:
    with current_platform().store.reading() as connection:
        items = line_items.find(connection)
        return items, rows_for(visitor(), items, scores.grades(connection))


def _page(template: str, **values: object) -> Response:
    me = visitor()
    response = make_response(render_template(template, me=me, **values))
    return response if cookie_person() else remember(response, me)
