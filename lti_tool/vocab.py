"""Every URI and media type of LTI 1.3 and LTI Advantage that the tool uses, once.

Sources: LTI Core 1.3 (https://www.imsglobal.org/spec/lti/v1p3/), Assignment and Grade Services 2.0
(https://www.imsglobal.org/spec/lti-ags/v2p0/), Names and Role Provisioning Services 2.0
(https://www.imsglobal.org/spec/lti-nrps/v2p0/), Deep Linking 2.0
(https://www.imsglobal.org/spec/lti-dl/v2p0/), IMS Security Framework 1.0.
"""

from enum import StrEnum
from typing import Final

VERSION: Final = "1.3.0"


class Claim(StrEnum):
    """Names of the id_token's LTI claims."""

    MESSAGE_TYPE = "https://purl.imsglobal.org/spec/lti/claim/message_type"
    VERSION = "https://purl.imsglobal.org/spec/lti/claim/version"
    DEPLOYMENT_ID = "https://purl.imsglobal.org/spec/lti/claim/deployment_id"
    TARGET_LINK_URI = "https://purl.imsglobal.org/spec/lti/claim/target_link_uri"
    RESOURCE_LINK = "https://purl.imsglobal.org/spec/lti/claim/resource_link"
    ROLES = "https://purl.imsglobal.org/spec/lti/claim/roles"
    CONTEXT = "https://purl.imsglobal.org/spec/lti/claim/context"
    CUSTOM = "https://purl.imsglobal.org/spec/lti/claim/custom"
    LAUNCH_PRESENTATION = "https://purl.imsglobal.org/spec/lti/claim/launch_presentation"
    FOR_USER = "https://purl.imsglobal.org/spec/lti/claim/for_user"
    AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
    NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
    DEEP_LINKING_SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
    CONTENT_ITEMS = "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"
    DATA = "https://purl.imsglobal.org/spec/lti-dl/claim/data"
    MSG = "https://purl.imsglobal.org/spec/lti-dl/claim/msg"


class MessageType(StrEnum):
    """What a launch asks for, and the tool's own answer to a platform's dialog."""

    RESOURCE_LINK = "LtiResourceLinkRequest"
    DEEP_LINKING = "LtiDeepLinkingRequest"
    DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"
    SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"


class Scope(StrEnum):
    """What an access token may be used for."""

    LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
    LINE_ITEM_READONLY = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
    RESULT_READONLY = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
    SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    MEMBERSHIP_READONLY = (
        "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
    )


class MediaType(StrEnum):
    """Media types of AGS and NRPS; Moodle compares them exactly."""

    LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
    LINE_ITEM_CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
    RESULT_CONTAINER = "application/vnd.ims.lis.v2.resultcontainer+json"
    SCORE = "application/vnd.ims.lis.v1.score+json"
    MEMBERSHIPS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


CONTEXT_ROLE_PREFIX: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
"""Context roles are `PREFIX#Role` or, with a sub-role, `PREFIX/Role#SubRole`."""
TEST_USER_ROLE: Final = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

RESOURCE_LINK_ITEM: Final = "ltiResourceLink"
"""The one type of content item that the tool has to offer: an activity."""

CLIENT_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_CREDENTIALS: Final = "client_credentials"
PRIVATE_KEY_JWT: Final = "private_key_jwt"
