"""The one table from error classes, of every package, to a status and words for people."""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from config.errors import DatabaseUnavailableError
from grading.errors import UnknownSubtaskError
from lti_tool.errors import (
    AssetsMissingError,
    BadRequestError,
    DialogAnsweredError,
    ForbiddenError,
    ReadOnlyError,
    SessionExpiredError,
    StaffOnlyError,
    StaleRevisionError,
    StreamLimitError,
)
from lti_tool.launch.errors import LaunchRefusedError
from lti_tool.registration.errors import InvitationError, PlatformAnswerError, RegistrationError
from notebooks.errors import (
    CellRefusedError,
    KernelError,
    NotFoundError,
    RevisionConflictError,
    TooManyRunsError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind of error is answered."""

    status: int
    code: str
    """Stable name that the front end and a support request can go by."""
    title: str
    text: str | None = None
    """What happened, for the person who sees it; None: the error's own message says it."""
    advice: str = ""
    """What to do."""
    retry_after_seconds: int | None = None
    logged: bool = False
    """Whether an operator may be asked about it: logged, under a reference that the person sees."""


RELAUNCH = "Go back to your course and open the activity again. Your work is saved there."
REGISTER_AGAIN = (
    "Nothing was stored here, and the invitation is still good: begin again in your platform. If it"
    " stays, tell whoever runs this Casebook the reference."
)

UNEXPECTED = Rule(
    status=500,
    code="internal",
    title="Something went wrong on our side",
    text="The request could not be finished.",
    advice="Try again in a moment. If it stays, tell your teacher the reference.",
    logged=True,
)

_DATABASE = Rule(
    status=503,
    code="unavailable",
    title="Casebook is not reachable just now",
    text="The database does not answer.",
    advice="Nothing that was saved is lost. Try again in a moment.",
    retry_after_seconds=5,
    logged=True,
)

_NOTHING = Rule(
    status=404,
    code="not_found",
    title="There is nothing here",
    advice="Reload the page; it may have changed since you opened it.",
)

BY_CLASS: dict[type[Exception], Rule] = {
    SessionExpiredError: Rule(
        status=401,
        code="session_expired",
        title="Open the activity again",
        text="This page's session has ended.",
        advice=RELAUNCH,
    ),
    ForbiddenError: Rule(
        status=403,
        code="forbidden",
        title="This is not yours",
        text="This session belongs to another piece of work.",
        advice=RELAUNCH,
    ),
    ReadOnlyError: Rule(
        status=403,
        code="read_only",
        title="You are looking on",
        text="Your role in this course lets you read this work, not change, run or validate it.",
        advice="If that is not right, ask your teacher to change your role in the course.",
    ),
    StaffOnlyError: Rule(
        status=403,
        code="staff_only",
        title="This is for teachers",
        text="Only teachers and assistants of this course may see this.",
        advice="If that is not right, ask your teacher to change your role in the course.",
    ),
    DialogAnsweredError: Rule(
        status=409,
        code="dialog_answered",
        title="This choice was sent already",
        text="Each opening of this dialog adds to the course once.",
        advice="Look into the course whether everything is there. To add more, open the dialog"
        " there again.",
    ),
    BadRequestError: Rule(
        status=422,
        code="bad_request",
        title="The request was not understood",
        advice="Reload the page; if it stays, tell your teacher.",
    ),
    StaleRevisionError: Rule(
        status=409,
        code="stale_revision",
        title="The document has changed",
        text="The document has changed since, perhaps in another window.",
        advice="Look at the newest version and press again.",
    ),
    StreamLimitError: Rule(
        status=503,
        code="stream_limit",
        title="Many people are here just now",
        text="There are too many live connections just now.",
        advice="The page goes on by asking from time to time.",
        retry_after_seconds=10,
    ),
    AssetsMissingError: Rule(
        status=500, code="not_built", title="The front end is not built", logged=True
    ),
    InvitationError: Rule(
        status=403,
        code="invitation",
        title="This invitation is not valid",
        advice="Ask whoever runs this Casebook for a new one.",
        logged=True,
    ),
    PlatformAnswerError: Rule(
        status=502,
        code="platform",
        title="The platform and Casebook did not come together",
        advice=REGISTER_AGAIN,
        logged=True,
    ),
    RegistrationError: Rule(
        status=400,
        code="registration",
        title="The registration could not be finished",
        advice=REGISTER_AGAIN,
        logged=True,
    ),
    NotFoundError: _NOTHING,
    UnknownSubtaskError: _NOTHING,
    RevisionConflictError: Rule(
        status=409,
        code="revision_conflict",
        title="The document has changed",
        text="The document was changed in another window in the meantime.",
        advice="Choose which version to go on with; the other one stays in the history.",
    ),
    CellRefusedError: Rule(
        status=422,
        code="cell_refused",
        title="This cell cannot be changed or run like that",
        advice="Shorten it, above all pasted data.",
    ),
    TooManyRunsError: Rule(
        status=429,
        code="too_many_runs",
        title="Too many cells wait to be run",
        retry_after_seconds=5,
    ),
    KernelError: Rule(
        status=503,
        code="kernel_unreachable",
        title="The kernel cannot be reached",
        text="The kernel cannot be reached just now.",
        advice="Your work is saved. Try again in a moment.",
        retry_after_seconds=2,
        logged=True,
    ),
    DatabaseUnavailableError: _DATABASE,
    DBAPIError: _DATABASE,
    PoolTimeoutError: _DATABASE,
}

BY_STATUS: dict[int, Rule] = {
    400: Rule(
        status=400,
        code="bad_request",
        title="The request was not understood",
        text="Something that this page needs did not come with the request.",
        advice=RELAUNCH,
    ),
    404: Rule(
        status=404,
        code="not_found",
        title="There is no such page",
        text="Nothing is found under this address.",
        advice=RELAUNCH,
    ),
    405: Rule(
        status=405,
        code="method",
        title="This page does not open on its own",
        text="It opens from an activity in your course.",
        advice=RELAUNCH,
    ),
    413: Rule(
        status=413,
        code="too_large",
        title="This is too large",
        text="More was sent than Casebook takes at once.",
        advice="Shorten your cells, above all pasted data and outputs; or choose a smaller file.",
    ),
}


def rule_for(error: Exception) -> Rule:
    """Return how an error is answered: by its nearest class in the table, else as our fault."""
    if isinstance(error, LaunchRefusedError):
        return _rule_for_launch(error)
    if isinstance(error, HTTPException):
        return _rule_for_status(error.code or UNEXPECTED.status)
    for kind in type(error).__mro__:
        if kind in BY_CLASS:
            return BY_CLASS[kind]
    return UNEXPECTED


def _rule_for_launch(error: LaunchRefusedError) -> Rule:
    """Return the rule of a refused launch: its class says what its person is told."""
    return Rule(
        status=error.status,
        code=error.code,
        title="This activity could not be opened",
        text=error.sentence,
        logged=True,
    )


def _rule_for_status(status: int) -> Rule:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= UNEXPECTED.status:
        return UNEXPECTED
    return Rule(
        status=status,
        code="refused",
        title="The request was refused",
        text="The request cannot be answered as it is.",
        advice=RELAUNCH,
    )
