"""Tables of the LTI tool, one entity per file.

They are imported here so that foreign keys between them resolve whichever is asked for first.
"""

from lti_tool.models.access_token import AccessToken
from lti_tool.models.assignment import Assignment
from lti_tool.models.content_item import ContentItem
from lti_tool.models.course import Course, CourseMember
from lti_tool.models.deployment import Deployment
from lti_tool.models.dialog import Dialog
from lti_tool.models.invitation import Invitation
from lti_tool.models.launch_session import CourseRole, LaunchSession
from lti_tool.models.login_state import LoginState
from lti_tool.models.lti_user import LtiUser
from lti_tool.models.registration import PlatformFamily, Registration, RegistrationState
from lti_tool.models.uploaded_case import UploadedCase

__all__ = [
    "AccessToken",
    "Assignment",
    "ContentItem",
    "Course",
    "CourseMember",
    "CourseRole",
    "Deployment",
    "Dialog",
    "Invitation",
    "LaunchSession",
    "LoginState",
    "LtiUser",
    "PlatformFamily",
    "Registration",
    "RegistrationState",
    "UploadedCase",
]
