"""Why a launch is refused; the Flask handler shows the sentence of the class, with its status.

LaunchRefusedError        a launch gets a plain page and no session
 ├─ LoginRequestError     the request that begins a login is malformed or misdirected
 ├─ UnknownPlatformError  no active registration for the issuer and client id
 ├─ LaunchStateError      state unknown, used, expired, or begun in another browser
 │   └─ LaunchCookieError the browser sent no cookie of this login
 ├─ RelaunchNeededError   the platform answered with an error instead of a token
 ├─ TokenRefusedError     the id_token is malformed or not signed by the platform
 ├─ ClaimError            a claim is missing or malformed; carries its name
 ├─ AudienceError         the token is meant for somebody else as well, or only
 ├─ ClockError            the token is expired, too old, or from the future
 ├─ NonceError            the token answers another login
 ├─ DeploymentError       a deployment that nobody agreed to
 ├─ MessageError          another LTI version, or a message that the tool does not offer
 ├─ TargetLinkError       the signed target or deployment is not the one of the login
 ├─ AnonymousError        no `sub`, and the registration does not allow that
 ├─ ReviewForbiddenError  somebody else's work, and not staff of its course
 ├─ NothingToReviewError  the work that is to be looked at has not been begun
 ├─ ChoosingForbiddenError somebody who is not staff wants to choose cases for the course
 ├─ NoActivityTakenError  the platform's dialog takes things, but no activities
 ├─ ReturnUrlError        the platform wants the choice sent where it would not be safe
 ├─ ChosenCaseUnknownError the activity names a choice that was not made on this platform
 ├─ CaseUnknownError      the activity names no case that is here
 ├─ CaseNotReadyError     the case has no built version yet
 └─ KeysUnavailableError  the platform's public keys cannot be had
"""

from typing import ClassVar

from lti_tool.errors import LtiToolError


class LaunchRefusedError(LtiToolError):
    """A launch is refused: `sentence` is for the person, `str(error)` for the log and the operator.

    Neither holds a token or anything personal.
    """

    code: ClassVar[str] = "launch_refused"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = (
        "This activity could not be opened. Please go back to your course and open it again."
    )


class LoginRequestError(LaunchRefusedError):
    """The request that begins a login lacks a parameter or points elsewhere."""

    code = "login_request"
    sentence = (
        "The request to open this activity is incomplete or points to another site. Please open "
        "the activity from your course; if that does not help, tell your administrator."
    )


class UnknownPlatformError(LaunchRefusedError):
    """No active registration has this issuer and client id."""

    code = "unknown_platform"
    status = 403
    sentence = (
        "Your learning platform is not registered with Casebook, or its registration is not "
        "active. Please tell your administrator."
    )


class LaunchStateError(LaunchRefusedError):
    """The state is unknown, expired, used before, or was begun in another browser."""

    code = "launch_state"
    sentence = (
        "This launch has expired or was already used. Please go back to your course and open the "
        "activity again."
    )


class LaunchCookieError(LaunchStateError):
    """The browser sent no cookie of this login: it blocks them, or the page was loaded again."""

    code = "launch_cookie"
    sentence = (
        "Your browser did not send Casebook's cookie, which an activity needs while it opens. "
        "Please go back to your course and open the activity again. If you see this page again, "
        "cookies are blocked: allow cookies for this site in your browser's settings (in Safari, "
        "switch off “Prevent cross-site tracking”), or use another browser."
    )


class RelaunchNeededError(LaunchRefusedError):
    """The platform posted an error (`launch_no_longer_valid`, `login_required` …)."""

    code = "relaunch"
    sentence = (
        "Your learning platform did not complete the launch. Please go back to your course, sign "
        "in again if it asks you to, and open the activity again."
    )


class TokenRefusedError(LaunchRefusedError):
    """The id_token is not a token that this platform signed."""

    code = "token_refused"
    status = 401
    sentence = (
        "The message from your learning platform could not be verified. Please open the activity "
        "again; if that does not help, tell your administrator."
    )


class ClaimError(LaunchRefusedError):
    """A claim is missing or malformed."""

    code = "claim"
    sentence = (
        "The message from your learning platform is incomplete. Please tell your administrator."
    )

    def __init__(self, claim: str, problem: str) -> None:
        super().__init__(f"Claim {claim} {problem}")
        self.claim = claim


class AudienceError(LaunchRefusedError):
    """The token is not meant for this tool alone."""

    code = "audience"
    status = 401
    sentence = TokenRefusedError.sentence


class ClockError(LaunchRefusedError):
    """The token is expired, too old, or from the future."""

    code = "clock"
    status = 401
    sentence = (
        "This launch has expired. Please open the activity again; if that does not help, the "
        "clock of your learning platform may be wrong: tell your administrator."
    )


class NonceError(LaunchRefusedError):
    """The token does not carry the nonce of this login."""

    code = "nonce"
    status = 401
    sentence = LaunchStateError.sentence


class DeploymentError(LaunchRefusedError):
    """The deployment is not one that was registered."""

    code = "deployment"
    status = 403
    sentence = (
        "Casebook is not set up for this part of your learning platform. Please tell your "
        "administrator."
    )


class MessageError(LaunchRefusedError):
    """An LTI version or a message type that the tool does not offer."""

    code = "message"
    sentence = (
        "Your learning platform asked for something that Casebook does not offer here. Please "
        "tell your administrator."
    )


class TargetLinkError(LaunchRefusedError):
    """The signed target or deployment is not the one that the login asked for."""

    code = "target_link"
    sentence = LoginRequestError.sentence


class AnonymousError(LaunchRefusedError):
    """The launch does not say who it is for."""

    code = "anonymous"
    status = 403
    sentence = (
        "Your learning platform did not say who you are, so your work could not be kept. Please "
        "sign in to your course and open the activity again."
    )


class ReviewForbiddenError(LaunchRefusedError):
    """Somebody wants to look at another's work and is not staff of the course."""

    code = "review_forbidden"
    status = 403
    sentence = (
        "This is somebody else's work, and your role in the course does not let you look at it. "
        "If that is not right, please tell your teacher."
    )


class NothingToReviewError(LaunchRefusedError):
    """The activity is not known here, or the person has never opened it."""

    code = "nothing_to_review"
    status = 404
    sentence = "There is nothing to look at yet: this work has not been begun."


class ChoosingForbiddenError(LaunchRefusedError):
    """Somebody opens the dialog in which cases are chosen, and is not staff of the course."""

    code = "choosing_forbidden"
    status = 403
    sentence = (
        "Only teachers and assistants of a course choose its cases, and your role in this course "
        "is another. If that is not right, please ask for the role to be changed there."
    )


class NoActivityTakenError(LaunchRefusedError):
    """The place in the platform that opened the dialog takes no activities."""

    code = "no_activity_taken"
    sentence = (
        "Casebook has activities to offer, and this place in your learning platform takes none. "
        "Please close this window and add Casebook as an activity of the course instead."
    )


class ReturnUrlError(LaunchRefusedError):
    """The choice would have to be sent to an address that is not fit for it."""

    code = "return_url"
    sentence = (
        "Your learning platform did not say where the choice can be sent safely. Please tell your "
        "administrator."
    )


class ChosenCaseUnknownError(LaunchRefusedError):
    """The activity's `casebook_item` is not one that was given to this platform."""

    code = "chosen_case_unknown"
    status = 404
    sentence = (
        "The case of this activity was chosen on another learning platform, or is no longer here. "
        "Please tell your teacher: the activity has to be added again, and its case chosen anew."
    )


class CaseUnknownError(LaunchRefusedError):
    """The activity names no case, or one that is not here."""

    code = "case_unknown"
    status = 404
    sentence = (
        "This activity does not name a case that Casebook knows. Please tell your teacher: the "
        "activity's custom parameter `case` has to be the short name of a case."
    )


class CaseNotReadyError(LaunchRefusedError):
    """No version of the case has been built yet."""

    code = "case_not_ready"
    status = 503
    sentence = (
        "The case of this activity is still being prepared. Please open the activity again in a "
        "few minutes."
    )


class KeysUnavailableError(LaunchRefusedError):
    """The platform's public keys cannot be fetched or read."""

    code = "keys_unavailable"
    status = 502
    sentence = (
        "Casebook could not reach your learning platform to verify this launch. Please try again "
        "in a minute."
    )
