"""The pages that people see: courses, activities, grade books."""

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
from lti_tool.demo_lms.course import COURSE, Course, all_courses, person_by_id
from lti_tool.demo_lms.gradebook import Cell, Row, rows_for, standing_of
from lti_tool.demo_lms.guards import refuse_foreign_post
from lti_tool.demo_lms.line_items import Filters, LineItem
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.finding import find_activity, find_course
from lti_tool.demo_lms.views.identity import cookie_person, remember, require_teacher, visitor

blueprint = Blueprint("pages", __name__)
_OWN_PATH = re.compile(r"/([a-z0-9_-]+/?)*")


@blueprint.get("/", defaults={"course_id": COURSE.id})
@blueprint.get("/courses/<course_id>")
def course(course_id: str) -> Response:
    """Show a course with its activities and how the viewer stands in them."""
    me, platform, opened = visitor(), current_platform(), find_course(course_id)
    _, rows = _book(opened)
    with platform.store.reading() as connection:
        courses = all_courses(connection)
        activities = platform.activities_of(connection, opened.id)
    entries = [(one, standing_of(me, one.resource_link_id, rows)) for one in activities]
    return _page("course.html", here="course", course=opened, courses=courses, entries=entries)


@blueprint.get("/activities/<slug>")
def activity(slug: str) -> Response:
    """Show the tool in a frame of another site, and keep data for it unless `?storage=off`."""
    storage = None if request.args.get("storage") == "off" else "_parent"
    found = find_activity(slug)
    return _page(
        "activity.html",
        here="activity",
        course=find_course(found.course_id),
        activity=found,
        storage=storage,
        tool=current_platform().tool.origin,
    )


@blueprint.get("/grades", defaults={"course_id": COURSE.id})
@blueprint.get("/courses/<course_id>/grades")
def grades(course_id: str) -> Response:
    """Show a grade book: the own line to a student, all to the teacher."""
    opened = find_course(course_id)
    items, rows = _book(opened)
    return _page("grades.html", here="grades", course=opened, items=items, rows=rows)


@blueprint.get("/grades.json")
def grades_json() -> Response:
    """List the grades of all courses, and every score post as it came.

    Doubled posts can be seen there, by a test say.
    """
    require_teacher()
    platform = current_platform()
    items, rows = _book(None)
    with platform.store.reading() as connection:
        posts = scores.posts(connection)
    urls = {item.id: platform.line_item_url(item) for item in items}
    return jsonify(
        line_items=[item.as_json(urls[item.id]) for item in items],
        grades=[_graded(row, cell) for row in rows for cell in row.cells if cell.graded_at],
        posts=[{**post.as_json(), "lineItem": urls.get(post.line_item_id)} for post in posts],
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
        target = url_for("pages.course", course_id=COURSE.id)
    response = make_response(redirect(target, code=303))
    return remember(response, person)


def _graded(row: Row, cell: Cell) -> dict[str, Any]:
    return {
        "user_id": row.student.id,
        "name": row.student.name,
        "activity": cell.item.label,
        "resource_link_id": cell.item.resource_link_id,
        "course_id": cell.item.course_id,
        "score": cell.score,
        "maximum": cell.maximum,
        "comment": cell.comment,
        "graded_at": cell.graded_at.isoformat() if cell.graded_at else None,
    }


def _book(course: Course | None) -> tuple[list[LineItem], tuple[Row, ...]]:
    """Return the columns and lines of a course's grade book, or of all courses'."""
    chosen = Filters(course_id=None if course is None else course.id)
    with current_platform().store.reading() as connection:
        items = line_items.find(connection, chosen)
        return items, rows_for(visitor(), items, scores.grades(connection))


def _page(template: str, **values: object) -> Response:
    me = visitor()
    response = make_response(render_template(template, me=me, **values))
    return response if cookie_person() else remember(response, me)
