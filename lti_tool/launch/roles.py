"""What somebody may do, from the context roles of a launch alone.

LTI Core 1.3, appendix A.2: system and institution roles say who somebody is elsewhere, not what
they are in this course.
"""

from collections.abc import Collection, Iterator

from lti_tool.models.launch_session import CourseRole
from lti_tool.vocab import CONTEXT_ROLE_PREFIX, TEST_USER_ROLE

ROLES: tuple[tuple[CourseRole, frozenset[str]], ...] = (
    (
        CourseRole.ASSISTANT,
        frozenset(
            {
                "TeachingAssistant",
                "Instructor#TeachingAssistant",
                "Instructor#TeachingAssistantGroup",
                "Instructor#TeachingAssistantOffering",
                "Instructor#TeachingAssistantSection",
                "Instructor#TeachingAssistantSectionAssociation",
                "Instructor#TeachingAssistantTemplate",
                "Instructor#Grader",
            }
        ),
    ),
    (
        CourseRole.INSTRUCTOR,
        frozenset(
            {
                "Instructor",
                "Instructor#PrimaryInstructor",
                "Instructor#SecondaryInstructor",
                "Instructor#Lecturer",
                "Instructor#GuestInstructor",
                "Instructor#ExternalInstructor",
                "Administrator",
                "Administrator#Administrator",
            }
        ),
    ),
    (
        CourseRole.ASSISTANT,
        frozenset({"ContentDeveloper", "ContentDeveloper#ContentDeveloper"}),
    ),
    (
        CourseRole.LEARNER,
        frozenset(
            {
                "Learner",
                "Learner#Learner",
                "Learner#Instructor",
                "Learner#ExternalLearner",
                "Learner#GuestLearner",
                "Learner#NonCreditLearner",
            }
        ),
    ),
)
"""Most specific first: a teaching assistant also carries the role Instructor.

A sub-role counts only together with its principal role, since the same last word stands under
several (`Learner#Instructor` is a student who helps others, and no member of staff). Whatever is
not listed, a mentor's and an officer's roles among it, is an observer's."""


def _context_role_names(roles: Collection[str]) -> Iterator[str]:
    """Yield the context roles as `Principal` or `Principal#SubRole`.

    A name without any URI is a context role, too (Core §5.3.7).
    """
    for role in roles:
        scheme, separator, name = role.rpartition("#")
        if not separator and ":" not in role and "/" not in role:
            yield role
        elif scheme == CONTEXT_ROLE_PREFIX:
            yield name
        elif scheme.startswith(f"{CONTEXT_ROLE_PREFIX}/"):
            yield f"{scheme.removeprefix(f'{CONTEXT_ROLE_PREFIX}/')}#{name}"


def course_role(roles: Collection[str]) -> CourseRole:
    """Return the one role that decides what somebody may do; least privilege if none is known."""
    names = set(_context_role_names(roles))
    for role, members in ROLES:
        if names & members:
            return role
    return CourseRole.OBSERVER


def is_test_user(roles: Collection[str]) -> bool:
    """Tell whether this is a platform's pretended student, whose grade must never be posted."""
    return TEST_USER_ROLE in roles
