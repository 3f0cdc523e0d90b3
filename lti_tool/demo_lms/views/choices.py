"""Adding activities and copying courses: the teacher's pages, and the way back from the tool."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo_lms import choosing, clients, placed
from lti_tool.demo_lms.content_items import read_answer
from lti_tool.demo_lms.course import Course
from lti_tool.demo_lms.errors import ChoiceError, CourseLimitError
from lti_tool.demo_lms.guards import refuse_foreign_post
from lti_tool.demo_lms.platform import current_platform
from lti_tool.demo_lms.views.finding import find_course
from lti_tool.demo_lms.views.identity import require_teacher, visitor

blueprint = Blueprint("choices", __name__)


@blueprint.get("/courses/<course_id>/add")
def add(course_id: str) -> str:
    """Show the tool's own dialog in a frame."""
    require_teacher()
    storage = None if request.args.get("storage") == "off" else "_parent"
    return render_template(
        "add.html",
        here="activity",
        me=visitor(),
        course=find_course(course_id),
        storage=storage,
        tool=current_platform().tool.origin,
    )


@blueprint.post("/lti/chosen/<token>")
def chosen(token: str) -> tuple[str, int]:
    """Take the tool's answer, inside the frame, and lead out of it.

    No cookie comes along with a form of another site: the token says whose dialog it is.
    """
    platform = current_platform()
    try:
        with platform.store.reading() as connection:
            dialog = choosing.find_open(connection, token)
            registration = clients.by_id(connection, platform.registration, dialog.client_id)
        made = read_answer(
            request.form.get("JWT", ""),
            keys=platform.tool_keys,
            registration=registration,
            tool_origin=platform.tool.origin,
            data=dialog.token,
        )
        with platform.store.writing() as connection:
            choosing.answer(connection, dialog, made)
    except ChoiceError as error:
        return render_template("error.html", name="Nothing was added", description=str(error)), 400
    onward = url_for(".review", course_id=dialog.course_id, token=token)
    return render_template("chosen.html", onward=onward), 200


@blueprint.get("/courses/<course_id>/add/<token>")
def review(course_id: str, token: str) -> str:
    """List what would be added; nothing is until the teacher saves."""
    require_teacher()
    course = find_course(course_id)
    try:
        with current_platform().store.reading() as connection:
            proposal = choosing.proposal(connection, token, course_id=course.id)
    except ChoiceError as error:
        abort(404, description=str(error))
    return render_template(
        "review.html",
        here="course",
        me=visitor(),
        course=course,
        token=token,
        proposal=proposal,
    )


@blueprint.post("/courses/<course_id>/add/<token>")
def save(course_id: str, token: str) -> BaseResponse:
    """Add what was listed."""
    require_teacher()
    refuse_foreign_post()
    course = find_course(course_id)
    try:
        with current_platform().store.writing() as connection:
            proposal = choosing.take(connection, token, course_id=course.id)
            placed.add(connection, course, proposal.items)
    except ChoiceError as error:
        abort(409, description=str(error))
    return _to_course(course)


@blueprint.post("/courses/<course_id>/copy")
def copy(course_id: str) -> BaseResponse:
    """Copy a course with its activities, without anybody's grades."""
    require_teacher()
    refuse_foreign_post()
    platform, course = current_platform(), find_course(course_id)
    try:
        with platform.store.writing() as connection:
            activities = platform.activities_of(connection, course.id)
            made = placed.copy_course(connection, course, activities)
    except (ChoiceError, CourseLimitError) as error:
        abort(409, description=str(error))
    return _to_course(made)


def _to_course(course: Course) -> BaseResponse:
    return redirect(url_for("pages.course", course_id=course.id), code=303)
