"""Opening and finding attempts."""

from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.queue import Queue, defer
from notebooks.attempts.models import Attempt, AttemptMember, Document
from notebooks.cases.models import CaseVersion
from notebooks.errors import NotFoundError
from notebooks.journal.log import create_stream


def open_attempt(
    session: Session,
    *,
    assignment_key: str,
    learner_key: str,
    case_version_id: UUID,
    graded: bool,
) -> Attempt:
    """Return the learner's one attempt at the assignment, made on the first call.

    Safe against two launches at once: the later one waits and gets the same attempt. A new
    attempt starts from the case version's template; an existing one keeps its own version. Raises
    NotFoundError for an unknown case version.
    """
    attempt = _find(session, assignment_key, learner_key)
    if attempt is None:
        try:
            with session.begin_nested():
                attempt = _create(session, assignment_key, learner_key, case_version_id, graded)
        except IntegrityError:
            attempt = _find(session, assignment_key, learner_key)
            if attempt is None:
                raise
    return attempt


def request_kernel(session: Session, attempt_id: UUID, *, delay_seconds: int = 0) -> None:
    """Have an attempt's kernel made ready in the background; one that lives is joined."""
    defer(
        session,
        "notebooks:prepare_kernel",
        queue=Queue.RUNS,
        args={"attempt_id": str(attempt_id)},
        queueing_lock=f"kernel-{attempt_id}",
        delay_seconds=delay_seconds,
    )


def get_attempt(session: Session, attempt_id: UUID) -> Attempt:
    """Return an attempt by its id. Raises NotFoundError."""
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise NotFoundError(f"There is no attempt {attempt_id}.")
    return attempt


def is_begun(session: Session, assignment_key: str) -> bool:
    """Return whether anybody has begun graded work on an assignment."""
    found = select(Attempt.id).where(Attempt.assignment_key == assignment_key, Attempt.graded)
    return session.scalar(found.limit(1)) is not None


def begin_tryouts_anew(session: Session, assignment_key: str) -> None:
    """Let the next attempts of those who only try an assignment out begin from its case.

    What they have is nobody's then; a page that shows it goes on to do so.
    """
    tryouts = select(Attempt.id).where(Attempt.assignment_key == assignment_key, ~Attempt.graded)
    session.execute(delete(AttemptMember).where(AttemptMember.attempt_id.in_(tryouts)))


def _find(session: Session, assignment_key: str, learner_key: str) -> Attempt | None:
    return session.scalar(
        select(Attempt)
        .join(AttemptMember, AttemptMember.attempt_id == Attempt.id)
        .where(
            AttemptMember.assignment_key == assignment_key,
            AttemptMember.learner_key == learner_key,
        )
    )


def _create(
    session: Session,
    assignment_key: str,
    learner_key: str,
    case_version_id: UUID,
    graded: bool,  # noqa: FBT001 - passed through from a keyword
) -> Attempt:
    version = session.get(CaseVersion, case_version_id)
    if version is None:
        raise NotFoundError(f"There is no case version {case_version_id}.")
    attempt = Attempt(
        id=uuid4(),
        assignment_key=assignment_key,
        case_version_id=version.id,
        stream_id=create_stream(session),
        graded=graded,
    )
    session.add(attempt)
    session.flush()
    session.add(
        AttemptMember(attempt_id=attempt.id, learner_key=learner_key, assignment_key=assignment_key)
    )
    session.add(Document(attempt_id=attempt.id, revision=1, cells=version.template))
    session.flush()
    return attempt
