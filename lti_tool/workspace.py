"""The workspace page: opening it, and the attempt's whole state at one moment."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy.orm import Session

from config.queue import Queue, defer
from grading import standing
from grading.models import ScoreDelivery
from lti_tool.page_records import (
    Boot,
    CaseView,
    CellView,
    DeliveryView,
    DocumentView,
    KernelView,
    PointsView,
    RunState,
    Snapshot,
    SubtaskView,
    ValidationState,
)
from lti_tool.sessions import Principal
from lti_tool.tokens import Purpose, Tokens
from lti_tool.wiring import Attendant
from notebooks.attempts import documents, kernels, runs
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Profile
from notebooks.errors import KernelError
from notebooks.journal import log
from notebooks.kernels.errors import KernelMissingError
from notebooks.outputs import render_markdown


def open_page(session: Session, principal: Principal, *, tokens: Tokens) -> Boot:
    """Return what the page starts with, and have the kernel made ready meanwhile."""
    attempt = get_attempt(session, principal.attempt_id)
    profile = Profile.model_validate(attempt.case_version.profile)
    defer(
        session,
        "notebooks:prepare_kernel",
        queue=Queue.RUNS,
        args={"attempt_id": str(attempt.id)},
        queueing_lock=f"kernel-{attempt.id}",
    )
    return Boot(
        token=tokens.sign(principal.session_id, Purpose.BEARER),
        expires_at=min(tokens.expiry(Purpose.BEARER), principal.expires_at),
        attempt_id=attempt.id,
        api=f"/api/attempts/{attempt.id}",
        locale=profile.locale,
        title=profile.title,
        role=principal.role,
    )


def snapshot(session: Session, principal: Principal) -> Snapshot:
    """Return the attempt's whole state, all of it from one moment.

    The session must not have begun to read: REPEATABLE READ holds from the first statement on.
    Everything in it is written in one transaction with its event, hence no gap and no overlap
    between this state and the events after `last_seq`. Of the kernel it says what the journal last
    told; `kernel_of` asks the runner itself.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    last_seq = log.last_seq(session, principal.stream_id)
    attempt = get_attempt(session, principal.attempt_id)
    return Snapshot(
        attempt_id=attempt.id,
        role=principal.role,
        graded=attempt.graded,
        case=_case(attempt),
        document=document_view(documents.load(session, attempt.id)),
        runs=_runs(session, attempt.id),
        validations=_validations(session, attempt.id),
        points=_points(session, attempt.id),
        delivery=_delivery(session, attempt.id),
        kernel=_kernel_as_told(session, attempt.stream_id),
        last_seq=last_seq,
    )


def kernel_of(attendant: Attendant, principal: Principal, told: KernelView) -> KernelView:
    """Ask the runner how the kernel is; `told` is what the journal last said of it.

    Asked after the snapshot: what the kernel did in between is told again by later events. Busy
    counts as idle, since no event ends it: runs say themselves what is running.
    """
    if principal.runner_url is None:
        return told
    try:
        status = attendant.status(principal.runner_url, str(principal.attempt_id))
    except KernelError:
        return KernelView()
    if status is None:
        return told if told.state == "starting" else KernelView()
    return KernelView(
        state="idle" if status.state == "busy" else status.state,
        reason=status.reason or told.reason,
    )


def interrupt(attendant: Attendant, principal: Principal) -> None:
    """Interrupt what the attempt's kernel runs; without a kernel there is nothing to do.

    Raises KernelError if the runner cannot be reached.
    """
    if principal.runner_url is not None:
        with suppress(KernelMissingError):
            attendant.stop(principal.runner_url, str(principal.attempt_id))


def document_view(state: documents.DocumentState) -> DocumentView:
    """Return a document with its texts rendered."""
    return DocumentView(
        revision=state.revision,
        saved_at=state.saved_at,
        cells=tuple(
            CellView(
                id=cell.id,
                kind=cell.kind,
                source=cell.source,
                subtask=cell.subtask,
                html=render_markdown(cell.source) if cell.kind == "markdown" else None,
            )
            for cell in state.cells
        ),
    )


def _case(attempt: Attempt) -> CaseView:
    profile = Profile.model_validate(attempt.case_version.profile)
    return CaseView(
        title=profile.title,
        description_html=render_markdown(profile.description),
        locale=profile.locale,
        subtasks=tuple(
            SubtaskView(id=subtask.id, title=subtask.title, points=subtask.points)
            for subtask in profile.subtasks
        ),
    )


def _runs(session: Session, attempt_id: UUID) -> dict[str, RunState]:
    return {
        run.cell_id: RunState(
            run_id=run.run_id,
            state=run.state,
            message=run.message,
            execution_count=run.execution_count,
            queued_at=run.queued_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            outputs=run.outputs,
        )
        for run in runs.current_runs(session, attempt_id)
    }


def _validations(session: Session, attempt_id: UUID) -> dict[str, ValidationState]:
    return {
        view.subtask: ValidationState(
            validation_id=view.validation_id,
            state=view.state,
            verdict=view.verdict,
            points=view.points,
            max_points=view.max_points,
            evidence=view.evidence,
            feedback_html=view.feedback_html,
            clicked_at=view.clicked_at,
            ended_at=view.ended_at,
        )
        for view in standing.latest_validations(session, attempt_id)
    }


def _points(session: Session, attempt_id: UUID) -> PointsView:
    found = standing.points_of(session, attempt_id)
    return PointsView(score=found.score, max_score=found.max_score)


def _kernel_as_told(session: Session, stream_id: UUID) -> KernelView:
    told = kernels.notice(session, stream_id)
    return KernelView() if told is None else KernelView(state=told.state, reason=told.reason)


def _delivery(session: Session, attempt_id: UUID) -> DeliveryView | None:
    row = session.get(ScoreDelivery, attempt_id)
    if row is None:
        return None
    return DeliveryView(state=row.state, score=row.score, message=row.last_error)
