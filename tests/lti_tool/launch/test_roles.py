import pytest

from lti_tool.launch.roles import course_role, is_test_user
from lti_tool.models import CourseRole
from tests.lti_tool.factories import INSTRUCTOR, LEARNER, MEMBERSHIP

INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person"
ASSISTANT = f"{MEMBERSHIP}/Instructor#TeachingAssistant"


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        pytest.param([LEARNER], CourseRole.LEARNER, id="a learner"),
        pytest.param(["Learner"], CourseRole.LEARNER, id="a short name"),
        pytest.param([f"{MEMBERSHIP}/Learner#NonCreditLearner"], CourseRole.LEARNER, id="sub-role"),
        pytest.param([INSTRUCTOR], CourseRole.INSTRUCTOR, id="an instructor"),
        pytest.param([f"{MEMBERSHIP}#Administrator"], CourseRole.INSTRUCTOR, id="of the course"),
        pytest.param([INSTRUCTOR, ASSISTANT], CourseRole.ASSISTANT, id="more specific wins"),
        pytest.param([ASSISTANT, LEARNER], CourseRole.ASSISTANT, id="an assistant who learns"),
        pytest.param([INSTRUCTOR, LEARNER], CourseRole.INSTRUCTOR, id="a teacher who learns"),
        pytest.param(["TeachingAssistant"], CourseRole.ASSISTANT, id="a short assistant"),
        pytest.param([f"{MEMBERSHIP}#ContentDeveloper"], CourseRole.ASSISTANT, id="a designer"),
        pytest.param([f"{MEMBERSHIP}#Mentor"], CourseRole.OBSERVER, id="a mentor is no staff"),
        pytest.param(["Mentor"], CourseRole.OBSERVER, id="nor is a short one"),
        pytest.param(
            [f"{MEMBERSHIP}/Mentor#Lecturer"], CourseRole.OBSERVER, id="nor one with a sub-role"
        ),
        pytest.param(
            [f"{MEMBERSHIP}/Learner#Instructor"], CourseRole.LEARNER, id="a learner who instructs"
        ),
        pytest.param([f"{MEMBERSHIP}/Member#Instructor"], CourseRole.OBSERVER, id="a member"),
        pytest.param([f"{MEMBERSHIP}/Officer#Administrator"], CourseRole.OBSERVER, id="an officer"),
        pytest.param(
            [f"{MEMBERSHIP}/Administrator#Administrator"], CourseRole.INSTRUCTOR, id="its sub-role"
        ),
        pytest.param([f"{MEMBERSHIP}/Instructor#Wizard"], CourseRole.OBSERVER, id="unheard of"),
        pytest.param(
            [f"{MEMBERSHIP}/x/Instructor#Lecturer"], CourseRole.OBSERVER, id="a longer path"
        ),
        pytest.param([f"{MEMBERSHIP}#Instructor#Lecturer"], CourseRole.OBSERVER, id="two marks"),
        pytest.param([f"{MEMBERSHIP}#Mentor", LEARNER], CourseRole.LEARNER, id="a mentored class"),
        pytest.param([], CourseRole.OBSERVER, id="no role"),
        pytest.param(["urn:lti:role:ims/lis/Wizard"], CourseRole.OBSERVER, id="an unknown role"),
        pytest.param([f"{INSTITUTION}#Instructor"], CourseRole.OBSERVER, id="elsewhere a teacher"),
        pytest.param(
            [f"{INSTITUTION}#Administrator", f"{SYSTEM}#SysAdmin", LEARNER],
            CourseRole.LEARNER,
            id="an administrator elsewhere",
        ),
        pytest.param(
            ["http://evil.example/membership#Instructor"], CourseRole.OBSERVER, id="a look-alike"
        ),
        pytest.param([f"{MEMBERSHIP}-x#Instructor"], CourseRole.OBSERVER, id="a longer prefix"),
        pytest.param(["instructor"], CourseRole.OBSERVER, id="another case"),
    ],
)
def test_context_roles_alone_decide(roles: list[str], expected: CourseRole) -> None:
    assert course_role(roles) is expected


def test_a_test_user_is_known_by_the_systems_role() -> None:
    assert is_test_user([LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"])
    assert not is_test_user([LEARNER, "TestUser"])
