"""What a path names, or 404."""

from flask import abort

from lti_tool.demo_lms.activities import Activity
from lti_tool.demo_lms.course import Course, course_by_id
from lti_tool.demo_lms.platform import current_platform


def find_activity(slug: str) -> Activity:
    """Return the activity of that name."""
    platform = current_platform()
    with platform.store.reading() as connection:
        found = platform.activity(connection, slug)
    if found is None:
        abort(404, description="There is no such activity.")
    return found


def find_course(course_id: str) -> Course:
    """Return the course of that id."""
    with current_platform().store.reading() as connection:
        found = course_by_id(connection, course_id)
    if found is None:
        abort(404, description="There is no such course.")
    return found
