"""An attempt's whole state at one moment, as its page is told it."""

from uuid import UUID

from sqlalchemy.orm import Session

from grading import standing
from lti_tool.sessions.principal import Principal
from lti_tool.workspace.dates import dates_of
from lti_tool.workspace.records import (
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
from notebooks.attempts import documents, kernels, runs
from notebooks.attempts.models import Attempt
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Profile
from notebooks.journal import log
from notebooks.outputs import render_markdown


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
        dates=dates_of(session, attempt, principal.role),
        kernel=_kernel_as_told(session, attempt.stream_id),
        last_seq=last_seq,
    )


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
                replay=cell.replay,
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
    if told is None:
        return KernelView()
    return KernelView(state=told.state, reason=told.reason, position=told.position)


def _delivery(session: Session, attempt_id: UUID) -> DeliveryView | None:
    found = standing.delivery_of(session, attempt_id)
    if found is None:
        return None
    return DeliveryView(state=found.state, score=found.score, message=found.message, at=found.at)
