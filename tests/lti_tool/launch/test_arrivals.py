import pytest

from lti_tool.launch.arrivals import ARRIVALS, check_return_url
from lti_tool.launch.checks import OFFERED
from lti_tool.launch.errors import ReturnUrlError
from lti_tool.models import Registration


def test_whatever_message_is_let_through_leads_somewhere() -> None:
    assert set(ARRIVALS) == OFFERED


@pytest.mark.parametrize(
    ("own", "url", "fit"),
    [
        ("https://sso.canvaslms.com/a", "https://school.instructure.com/courses/1/return", True),
        ("https://lms.example/a", "https://lms.example:8443/return?sesskey=1#x", True),
        ("https://lms.example/a", "http://lms.example/return", False),
        ("http://127.0.0.1:8000/a", "http://127.0.0.1:8000/return", True),
        ("http://127.0.0.1:8000/a", "https://lms.example/return", True),
        ("https://lms.example/a", "https://user@lms.example/return", False),
        ("https://lms.example/a", "https://lms.example;script-src */return", False),
        ("https://lms.example/a", "https://*.example/return", False),
        ("https://lms.example/a", "https:///return", False),
        ("https://lms.example/a", "ftp://lms.example/return", False),
    ],
)
def test_a_choice_goes_only_where_a_header_can_say_that_it_goes(
    own: str,
    url: str,
    fit: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    registration = Registration(authorization_url=own)
    if fit:
        check_return_url(url, registration)
    else:
        with pytest.raises(ReturnUrlError):
            check_return_url(url, registration)
