import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.launch.claims import DeepLinkingRequest, Envelope, ResourceLinkLaunch
from lti_tool.launch.errors import ClaimError
from lti_tool.launch.origins import origin_of
from tests.fakes.platform import Platform
from tests.lti_tool.factories import AGS_CLAIM, CLAIM, Claims, learner_claims


@pytest.fixture(scope="module")
def platform() -> Platform:
    nowhere = Platform()
    nowhere.origin = "https://lms.example"
    return nowhere


@pytest.fixture
def claims(platform: Platform) -> Claims:
    return learner_claims(platform, "http://localhost/lti/launch", "nonce")


def test_custom_values_that_are_empty_or_unexpanded_are_absent(claims: Claims) -> None:
    claims[f"{CLAIM}custom"] = {
        "case": "wine",
        "due": "$ResourceLink.submission.endDateTime",
        "group": "",
        "number": 3,
    }
    assert ResourceLinkLaunch.from_payload(claims).custom == {"case": "wine"}


@pytest.mark.parametrize("value", ["javascript:alert(1)", "https:", "http://[", 3, "/course", ""])
def test_a_return_url_that_is_none_is_absent(claims: Claims, value: object) -> None:
    claims[f"{CLAIM}launch_presentation"] = {"return_url": value}
    assert ResourceLinkLaunch.from_payload(claims).return_url is None


def test_a_course_without_title_is_known_by_its_label(claims: Claims) -> None:
    claims[f"{CLAIM}context"] = {"id": "2", "label": "DS101"}
    launch = ResourceLinkLaunch.from_payload(claims)
    assert (launch.context_id, launch.context_title) == ("2", "DS101")


def test_scopes_are_sorted_and_single(claims: Claims) -> None:
    claims[AGS_CLAIM]["scope"] = ["b", "a", "b"]
    grades = ResourceLinkLaunch.from_payload(claims).grades
    assert grades is not None
    assert grades.scopes == ("a", "b")


def test_one_audience_and_a_list_of_one_are_the_same(claims: Claims) -> None:
    one = Envelope.from_payload(claims)
    assert Envelope.from_payload({**claims, "aud": ["casebook"]}) == one


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", 3),
        ("nonce", None),
        ("sub", ["a"]),
        ("azp", {}),
        ("exp", "1"),
        (f"{CLAIM}deployment_id", 7),
    ],
)
def test_the_failing_claim_is_named(claims: Claims, name: str, value: object) -> None:
    with pytest.raises(ClaimError, match=name) as caught:
        Envelope.from_payload({**claims, name: value})
    assert caught.value.claim == name


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://School.Example/course?id=1", "https://school.example"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("http://[::1]:80/x", "http://[::1]:80"),
        ("https://user:secret@school.example/", "https://school.example"),
        ("https://a b/", None),
        ("https://a;script-src/", None),
        ("https://*/", None),
        ("https://'none'/", None),
        ("ftp://a/", None),
        ("https://a:x/", None),
        ("nonsense", None),
    ],
)
def test_only_a_plain_origin_may_stand_in_a_header(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SETTING = st.sampled_from(
    ["deep_link_return_url", "accept_types", "accept_multiple", "accept_lineitem", "data"]
)


def test_a_dialog_says_what_it_takes_and_where_the_choice_goes(claims: Claims) -> None:
    claims[SETTINGS] = {
        "deep_link_return_url": "https://lms.example/return",
        "accept_types": ["ltiResourceLink"],
    }
    asked = DeepLinkingRequest.from_payload(claims)
    assert (asked.return_url, asked.data) == ("https://lms.example/return", None)
    assert (asked.accept_multiple, asked.accept_line_item) == (False, True)
    assert (asked.context_id, asked.context_title) == ("course-1", "Data science")


@given(st.dictionaries(SETTING, JSON) | JSON)
def test_whatever_the_settings_are_they_are_read_or_the_bad_one_is_named(settings: object) -> None:
    platform = Platform()
    platform.origin = "https://lms.example"
    payload = learner_claims(platform, "http://localhost/lti/launch", "nonce")
    payload[SETTINGS] = settings
    try:
        outcome = DeepLinkingRequest.from_payload(payload).return_url
    except ClaimError as error:
        outcome = error.claim
    assert outcome.startswith((SETTINGS, "http://", "https://"))
