"""Every URI and media type of the LTI specifications that the platform speaks, once."""

_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
MESSAGE_TYPE = _CLAIM + "message_type"
VERSION = _CLAIM + "version"
DEPLOYMENT_ID = _CLAIM + "deployment_id"
TARGET_LINK_URI = _CLAIM + "target_link_uri"
RESOURCE_LINK = _CLAIM + "resource_link"
CONTEXT = _CLAIM + "context"
ROLES = _CLAIM + "roles"
CUSTOM = _CLAIM + "custom"
LAUNCH_PRESENTATION = _CLAIM + "launch_presentation"
TOOL_PLATFORM = _CLAIM + "tool_platform"
LIS = _CLAIM + "lis"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
COURSE_SECTION = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"

_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPE_LINE_ITEM = _SCOPE + "lineitem"
SCOPE_LINE_ITEM_READONLY = _SCOPE + "lineitem.readonly"
SCOPE_RESULT_READONLY = _SCOPE + "result.readonly"
SCOPE_SCORE = _SCOPE + "score"
AGS_SCOPES = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_RESULT_READONLY, SCOPE_SCORE)
SCOPE_MEMBERSHIP = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = (*AGS_SCOPES, SCOPE_MEMBERSHIP)

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_MEDIA = "application/vnd.ims.lis."
MEDIA_LINE_ITEM = _MEDIA + "v2.lineitem+json"
MEDIA_LINE_ITEMS = _MEDIA + "v2.lineitemcontainer+json"
MEDIA_RESULTS = _MEDIA + "v2.resultcontainer+json"
MEDIA_SCORE = _MEDIA + "v1.score+json"
MEDIA_MEMBERSHIPS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PRIVATE_KEY_JWT = "private_key_jwt"
BEARER = "Bearer"
