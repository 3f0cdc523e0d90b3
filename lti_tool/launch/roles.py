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
                "TeachingAssistantGroup",
                "TeachingAssistantOffering",
                "TeachingAssistantSection",
                "TeachingAssistantSectionAssociation",
                "TeachingAssistantTemplate",
                "Grader",
            }
        ),
    ),
    (
        CourseRole.INSTRUCTOR,
        frozenset(
            {
                "Instructor",
                "PrimaryInstructor",
                "SecondaryInstructor",
                "Lecturer",
                "GuestInstructor",
                "ExternalInstructor",
                "Administrator",
            }
        ),
    ),
    (CourseRole.ASSISTANT, frozenset({"ContentDeveloper"})),
    (
        CourseRole.LEARNER,
        frozenset(
            {
                "Learner",
                "ExternalLearner",
                "GuestLearner",
                "LearningLearner",
                "NonCreditLearner",
            }
        ),
    ),
)
"""Most specific first: a teaching assistant also carries the role Instructor. Whatever is not
listed, a mentor's role among it, is an observer's."""


def _context_role_names(roles: Collection[str]) -> Iterator[str]:
    """Yield the last part of each context role; a name without any URI is one too (Core §5.3.7)."""
    for role in roles:
        scheme, separator, name = role.rpartition("#")
        if not separator and ":" not in role and "/" not in role:
            yield role
        elif scheme == CONTEXT_ROLE_PREFIX:
            yield name
        elif scheme.startswith(f"{CONTEXT_ROLE_PREFIX}/"):
            principal = scheme.removeprefix(f"{CONTEXT_ROLE_PREFIX}/")
            # A mentor's sub-roles say whom the person accompanies; none makes them staff.
            yield name if principal != "Mentor" else principal


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
