"""What Open edX's LTI code asks of the rest of an LMS: a course, blocks, people, a grade book.

Paths below /test/ are for whoever drives it.
"""

import json
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from lti_consumer import api
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import LtiConfiguration
from lti_consumer.plugin import compat
from opaque_keys.edx.keys import CourseKey, UsageKey

COURSE = "course-v1:Casebook+DS101+2026"
PEOPLE = {
    "ada": ("Ada", "Moreno", "student"),
    "ben": ("Ben", "Okafor", "student"),
    "ines": ("Ines", "Vogel", "instructor"),
}

BLOCKS: dict[str, "Block"] = {}
GRADES: list[dict[str, Any]] = []


class Block:
    """What the LTI code reads of an XBlock, and where it puts grades."""

    lti_1p3_passport_id = None
    has_score = True
    accept_grades_past_due = True
    context_id = COURSE

    def __init__(
        self, location: UsageKey, title: str, weight: float, custom: dict[str, str]
    ) -> None:
        self.location = location
        self.display_name = title
        self.weight = weight
        self.custom = custom
        self.scope_ids = SimpleNamespace(usage_id=location, user_id=None)

    def is_past_due(self) -> bool:
        return False

    def max_score(self) -> float:
        return self.weight

    def set_user_module_score(
        self, user: User, score: float, max_score: float, comment: str = ""
    ) -> None:
        GRADES.append(
            {
                "block": str(self.location),
                "user": user.username,
                "score": score,
                "max_score": max_score,
                "comment": comment,
            }
        )


def external_id(user: User) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, user.username))


def by_external_id(wanted: str) -> User:
    return next(user for user in User.objects.all() if external_id(user) == wanted)


def members(_course: CourseKey) -> dict[int, dict[str, Any]]:
    roles = {name: role for name, (_, _, role) in PEOPLE.items()}
    return {
        user.id: {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "name": user.get_full_name(),
            "profile": {"name": user.get_full_name()},
            "roles": [roles[user.username]],
        }
        for user in User.objects.all()
    }


compat.load_enough_xblock = lambda location: BLOCKS[str(location)]
compat.load_block_as_user = lambda location: BLOCKS[str(location)]
compat.save_xblock = lambda _block: None
compat.get_user_from_external_user_id = by_external_id
compat.get_course_by_id = lambda key: SimpleNamespace(id=key)
compat.user_course_access = lambda *_, **__: True
compat.user_has_access = lambda *_, **__: True
compat.user_has_studio_write_access = lambda user, _key: user.is_staff
compat.get_course_members = members
compat.batch_get_or_create_externalids = lambda users: {
    user.id: SimpleNamespace(external_user_id=external_id(user)) for user in users
}


def enrol() -> None:
    """Have everybody in the course, once."""
    for name, (given, family, role) in PEOPLE.items():
        User.objects.get_or_create(
            username=name,
            defaults={
                "first_name": given,
                "last_name": family,
                "email": f"{name}@example.org",
                "is_staff": role == "instructor",
            },
        )


def logged_in(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Take the person from a cookie, as a session would."""

    def answer(request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("person", "")
        request.user = User.objects.filter(username=name).first()
        return get_response(request)

    return answer


def _told(config: LtiConfiguration) -> dict[str, Any]:
    base = f"{settings.LMS_ROOT_URL}/api/lti_consumer/v1"
    return {
        "id": config.id,
        "location": str(config.location),
        "client_id": config.lti_1p3_client_id,
        "keyset_url": f"{base}/public_keysets/{config.passport_id}",
        "token_url": f"{base}/token/{config.passport_id}",
        "authorization_url": f"{base}/launch/",
    }


@csrf_exempt
def blocks(request: HttpRequest) -> HttpResponse:
    """Add a block with the settings that an author makes in Studio."""
    said = json.loads(request.body)
    enrol()
    location = UsageKey.from_string(
        f"block-v1:Casebook+DS101+2026+type@lti_consumer+block@{uuid.uuid4().hex}"
    )
    BLOCKS[str(location)] = Block(location, said["title"], said["weight"], said["custom"])
    tool = said["tool"]
    config = LtiConfiguration.objects.create(
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        location=location,
        lti_1p3_oidc_url=f"{tool}/lti/login",
        lti_1p3_launch_url=f"{tool}/lti/launch",
        lti_1p3_redirect_uris=[f"{tool}/lti/launch"],
        lti_advantage_ags_mode=said["ags"],
        lti_advantage_enable_nrps=True,
        lti_advantage_deep_linking_enabled=said.get("deep_linking", False),
        lti_advantage_deep_linking_launch_url=f"{tool}/lti/deep-link",
    )
    passport = config.get_or_create_lti_1p3_passport() or config.lti_1p3_passport
    passport.lti_1p3_tool_keyset_url = f"{tool}/lti/jwks"
    passport.save()
    config.refresh_from_db()
    return JsonResponse(_told(config))


def launch(request: HttpRequest, config_id: int) -> HttpResponse:
    """Begin a launch of a block, or of its deep linking, as its page in the course does."""
    config = LtiConfiguration.objects.get(id=config_id)
    user, (_, _, role) = request.user, PEOPLE[request.user.username]
    data = Lti1p3LaunchData(
        user_id=user.id,
        user_role=role,
        config_id=config.config_id,
        resource_link_id=str(config.location),
        external_user_id=external_id(user),
        launch_presentation_document_target="iframe",
        context_id=COURSE,
        context_type=["course_offering"],
        context_title="Data Science Basics",
        context_label=COURSE,
        custom_parameters=BLOCKS[str(config.location)].custom,
    )
    if request.GET.get("deep_link"):
        return HttpResponseRedirect(api.get_lti_1p3_launch_start_url(data, deep_link_launch=True))
    return HttpResponseRedirect(api.get_lti_1p3_content_url(data))


def state(_request: HttpRequest, config_id: int) -> HttpResponse:
    """Tell what the LMS holds of a block: published grades, line items, chosen content."""
    config = LtiConfiguration.objects.get(id=config_id)
    items = config.ltiagslineitem_set.order_by("id").values(
        "id", "label", "score_maximum", "resource_id", "tag"
    )
    return JsonResponse(
        {
            "grades": [one for one in GRADES if one["block"] == str(config.location)],
            "line_items": list(items),
            "content": [one.attributes for one in config.ltidlcontentitem_set.order_by("id")],
        }
    )


urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls")),
    path("test/blocks", blocks),
    path("test/blocks/<int:config_id>/launch", launch),
    path("test/blocks/<int:config_id>/state", state),
]
