"""Who is using the browser: a cookie of the LMS, freely switched, for this is a demo."""

from flask import Response, abort, request

from lti_tool.demo_lms.course import PEOPLE, Person, person_by_id

COOKIE = "demo_lms_person"
_LIFETIME_SECONDS = 30 * 24 * 3600


def cookie_person() -> Person | None:
    """Return whom the cookie names, or None without a valid one."""
    return person_by_id(request.cookies.get(COOKIE))


def visitor() -> Person:
    """Return who looks at a page; a first visitor is the first student."""
    return cookie_person() or PEOPLE[0]


def remember(response: Response, person: Person) -> Response:
    """Log the person in."""
    response.set_cookie(COOKIE, person.id, max_age=_LIFETIME_SECONDS, httponly=True, samesite="Lax")
    return response


def require_teacher() -> None:
    """Answer 403 to everybody else."""
    person = cookie_person()
    if person is None or not person.teaches:
        abort(403, description="Only the teacher may see this.")
