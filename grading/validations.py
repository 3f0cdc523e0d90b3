"""Validations from the click to the verdict: requesting, starting and finishing them.

Each function works in the caller's transaction; what runs in between is `grading.validating`'s.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from config.database import utcnow
from config.queue import Queue, defer
from config.settings import Settings
from grading import deliveries
from grading.errors import UnknownSubtaskError
from grading.feedback import wording
from grading.judge import Judgement
from grading.models import PreparedCase, SubtaskResult, Validation, ValidationState
from grading.points import earned
from grading.prepared import Prepared, PreparedItems
from grading.replays import cells_for
from grading.situation import Situation
from grading.standing import Standing, points_of, view_of
from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.attempts.limits import limits_of
from notebooks.attempts.runs import lock_attempt
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Profile
from notebooks.journal.log import append
from notebooks.kernels.records import KernelSpec

FORGOTTEN_SECONDS = 600
"""Longer than any replay: a validation open for so long has probably lost its job."""

OPEN = (ValidationState.QUEUED, ValidationState.RUNNING)


class Frozen(Protocol):
    """A document as it is at the click."""

    @property
    def revision(self) -> int:
        """The revision that is judged."""
        ...

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells that are judged."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that judging one validation needs; read once, when it starts."""

    validation_id: UUID
    attempt_id: UUID
    runner_url: str | None
    spec: KernelSpec
    probes: tuple[Prepared, ...]
    situation: Situation


def request(session: Session, *, attempt_id: UUID, subtask: str, document: Frozen) -> Validation:
    """Have one subtask judged from the document as it is now.

    One validation per subtask is open at a time: while it is, a second click gets the same one.

    Raises:
        NotFoundError: there is no such attempt.
        UnknownSubtaskError: the case has no such subtask.
    """
    attempt = get_attempt(session, attempt_id)
    profile = Profile.model_validate(attempt.case_version.profile)
    if subtask not in {known.id for known in profile.subtasks}:
        raise UnknownSubtaskError(f"The case has no subtask `{subtask}`.")
    standing = _open(session, attempt_id, subtask)
    if standing is not None:
        return standing
    made = Validation(
        id=uuid4(),
        attempt_id=attempt_id,
        subtask=subtask,
        revision=document.revision,
        cells=[cell.model_dump(mode="json") for cell in document.cells],
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another click was first
        first = _open(session, attempt_id, subtask)
        if first is None:
            raise
        return first
    _tell(session, attempt.stream_id, "validation.queued", made, {})
    _wake(session, made.id)
    return made


def _wake(session: Session, validation_id: UUID) -> None:
    defer(
        session,
        "grading:validate",
        queue=Queue.VALIDATIONS,
        args={"validation_id": str(validation_id)},
        queueing_lock=f"validate-{validation_id}",
    )


def wake_forgotten(session: Session, *, limit: int = 100) -> None:
    """Enqueue validations again that have been open for too long; a doubled job does no harm."""
    stale = utcnow() - timedelta(seconds=FORGOTTEN_SECONDS)
    forgotten = session.scalars(
        select(Validation.id)
        .where(Validation.state.in_(OPEN), Validation.clicked_at < stale)
        .order_by(Validation.clicked_at)
        .limit(limit)
    )
    for validation_id in forgotten:
        _wake(session, validation_id)


def _open(session: Session, attempt_id: UUID, subtask: str) -> Validation | None:
    return session.scalar(
        select(Validation).where(
            Validation.attempt_id == attempt_id,
            Validation.subtask == subtask,
            Validation.state.in_(OPEN),
        )
    )


def start(session: Session, validation_id: UUID, *, settings: Settings) -> Work | None:
    """Note that judging begins and return what it needs, or None if it is already over.

    A retried job starts a running validation again; the journal tells of the start once.
    """
    row = session.get(Validation, validation_id, with_for_update=True, populate_existing=True)
    if row is None or row.state not in OPEN:
        return None
    attempt = get_attempt(session, row.attempt_id)
    version = attempt.case_version
    prepared = session.get(PreparedCase, version.id)
    profile = Profile.model_validate(version.profile)
    if version.environment is None or prepared is None:
        _fail(session, row, profile.locale)
        return None
    if row.state is ValidationState.QUEUED:
        row.state = ValidationState.RUNNING
        _tell(session, attempt.stream_id, "validation.started", row, {})
    standing = points_of(session, row.attempt_id)
    cells = tuple(Cell.model_validate(cell) for cell in row.cells)
    probes = PreparedItems.validate_python(prepared.probes)
    return Work(
        validation_id=row.id,
        attempt_id=row.attempt_id,
        runner_url=attempt.runner_url,
        spec=KernelSpec(
            environment=version.environment,
            data=version.data,
            imports=tuple(version.imports),
            limits=limits_of(settings, profile.policy),
        ),
        probes=tuple(probe for probe in probes if probe.subtask == row.subtask),
        situation=Situation(
            subtask=row.subtask,
            titles={subtask.id: subtask.title for subtask in profile.subtasks},
            verdicts=_verdicts(standing),
            cells=cells_for(row.subtask, cells, [subtask.id for subtask in profile.subtasks]),
            wall_seconds=settings.replay_seconds,
            locale=profile.locale,
            constraints=profile.subtask(row.subtask).constraints,
            for_person=any(s.rubric for s in profile.subtasks if s.id == row.subtask),
        ),
    )


def _verdicts(standing: Standing) -> dict[str, Verdict]:
    return {s.id: s.verdict for s in standing.subtasks if s.verdict is not None}


def finish(session: Session, validation_id: UUID, judgement: Judgement, *, public_url: str) -> bool:
    """Store a judgement with everything that follows from it, once; tell whether it was now.

    An approved subtask keeps its points when a later validation of it fails. Points, verdict,
    journal and the wish to deliver the score are one transaction.
    """
    row = _running(session, validation_id)
    if row is None:
        return False
    before = points_of(session, row.attempt_id)
    row.state = ValidationState.DONE
    row.verdict = judgement.verdict
    row.evidence = [item.model_dump(mode="json") for item in judgement.evidence]
    row.feedback = judgement.feedback
    row.ended_at = utcnow()
    known = {subtask.id: subtask for subtask in before.subtasks}[row.subtask]
    profile = Profile.model_validate(get_attempt(session, row.attempt_id).case_version.profile)
    subtask = {subtask.id: subtask for subtask in profile.subtasks}[row.subtask]
    session.merge(
        SubtaskResult(
            attempt_id=row.attempt_id,
            subtask=row.subtask,
            validation_id=row.id,
            verdict=judgement.verdict,
            points=max(known.points, earned(subtask, judgement.verdict, judgement.passed)),
        )
    )
    session.flush()
    after = points_of(session, row.attempt_id)
    _told_finished(session, row, after)
    if after.score != before.score:
        payload = {"score": after.score, "max_score": after.max_score}
        append(session, _stream(session, row), "points.changed", payload)
    if after.score != before.score or known.verdict is not judgement.verdict:
        deliveries.want(session, row.attempt_id, public_url=public_url)
    return True


def fail(session: Session, validation_id: UUID, *, locale: str) -> bool:
    """Note that Casebook itself failed to judge, in words; the student may press again."""
    row = _running(session, validation_id)
    if row is None:
        return False
    _fail(session, row, locale)
    return True


def _fail(session: Session, row: Validation, locale: str) -> None:
    row.state = ValidationState.FAILED
    row.feedback = wording(locale).our_fault
    row.ended_at = utcnow()
    session.flush()
    _told_finished(session, row, points_of(session, row.attempt_id))


def _running(session: Session, validation_id: UUID) -> Validation | None:
    """Return the validation, locked after its attempt, if nobody has finished it yet."""
    attempt_id = session.scalar(select(Validation.attempt_id).where(Validation.id == validation_id))
    if attempt_id is None:
        return None
    lock_attempt(session, attempt_id)
    row = session.get(Validation, validation_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.state in OPEN else None


def _told_finished(session: Session, row: Validation, standing: Standing) -> None:
    subtask = {subtask.id: subtask for subtask in standing.subtasks}[row.subtask]
    view = view_of(row, subtask)
    payload = {
        "state": view.state.value,
        "verdict": view.verdict.value if view.verdict is not None else None,
        "points": view.points,
        "max_points": view.max_points,
        "evidence": list(view.evidence),
        "feedback_html": view.feedback_html,
        "clicked_at": view.clicked_at.isoformat(),
        "ended_at": view.ended_at.isoformat() if view.ended_at is not None else None,
    }
    _tell(session, _stream(session, row), "validation.finished", row, payload)


def _stream(session: Session, row: Validation) -> UUID:
    return get_attempt(session, row.attempt_id).stream_id


def _tell(
    session: Session, stream_id: UUID, kind: str, row: Validation, payload: dict[str, Any]
) -> None:
    named = {"validation_id": str(row.id), "subtask": row.subtask}
    append(session, stream_id, kind, named | payload, str(row.id))
