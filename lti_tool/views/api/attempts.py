"""An attempt as its page sees it: read it, save it, run it, stop it, have it judged."""

from typing import Annotated
from uuid import UUID

from flask import Blueprint, Response
from pydantic import Field

from grading import validations
from lti_tool.errors import StaleRevisionError
from lti_tool.extensions import transaction
from lti_tool.sessions.principal import Principal
from lti_tool.views.requests import Body, Json, answer, for_attempt, for_work, read_body
from lti_tool.wiring import wiring
from lti_tool.workspace.kernel import interrupt, kernel_of, restart
from lti_tool.workspace.snapshot import snapshot
from notebooks.attempts import documents, runs
from notebooks.attempts.service import request_kernel

blueprint = Blueprint("attempts", __name__, url_prefix="/api/attempts/<uuid:attempt_id>")

CellId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Source = Annotated[str, Field(max_length=1_000_000)]
Revision = Annotated[int, Field(ge=1)]


class SaveBody(Body):
    """The sources that changed, and the revision that they change."""

    revision: Revision
    sources: Annotated[dict[CellId, Source], Field(max_length=1000)]


class RunBody(Body):
    """A cell to run; the page chose the id, so that sending it twice runs it once."""

    run_id: UUID
    cell_id: CellId
    source: Source


class ValidateBody(Body):
    """A subtask to judge, at the revision that the page has just saved."""

    subtask: Annotated[str, Field(max_length=40)]
    revision: Revision


@blueprint.get("")
@for_attempt
def show(principal: Principal) -> Response:
    """Return the attempt's whole state, and the event from which to follow."""
    with transaction() as session:
        state = snapshot(session, principal)
    kernel = kernel_of(wiring().attendant, principal, state.kernel)
    return answer(state.model_copy(update={"kernel": kernel}))


@blueprint.put("/document")
@for_work
def save(principal: Principal) -> Json:
    """Save sources; a conflict answers 409 with the current document (views/errors.py)."""
    body = read_body(SaveBody)
    with transaction() as session:
        state = documents.save(
            session,
            principal.attempt_id,
            base_revision=body.revision,
            sources=body.sources,
        )
    return {"revision": state.revision, "saved_at": state.saved_at.isoformat()}


@blueprint.post("/runs")
@for_work
def run(principal: Principal) -> tuple[Json, int]:
    """Queue a run of one cell."""
    body = read_body(RunBody)
    with transaction() as session:
        queued = runs.request_run(
            session,
            attempt_id=principal.attempt_id,
            cell_id=body.cell_id,
            source=body.source,
            run_id=body.run_id,
        )
    return {"run_id": str(queued.id), "position": queued.position}, 202


@blueprint.post("/stop")
@for_work
def stop(principal: Principal) -> tuple[Json, int]:
    """Drop what is queued, then interrupt what runs."""
    with transaction() as session:
        runs.stop_queued(session, principal.attempt_id)
    interrupt(wiring().attendant, principal)
    return {}, 202


@blueprint.post("/kernel/restart")
@for_work
def restart_kernel(principal: Principal) -> tuple[Json, int]:
    """Drop what is queued, and give the attempt a new kernel; what the old one knew is gone."""
    with transaction() as session:
        runs.stop_queued(session, principal.attempt_id)
    restart(wiring().attendant, principal)
    with transaction() as session:
        request_kernel(session, principal.attempt_id)  # tells the page
    return {}, 202


@blueprint.post("/validations")
@for_work
def validate(principal: Principal) -> tuple[Json, int]:
    """Have one subtask judged, from the document as it now is saved."""
    body = read_body(ValidateBody)
    with transaction() as session:
        document = documents.load(session, principal.attempt_id)
        if document.revision != body.revision:
            raise StaleRevisionError(asked=body.revision, current=document.revision)
        requested = validations.request(
            session,
            attempt_id=principal.attempt_id,
            subtask=body.subtask,
            document=document,
        )
    return {"validation_id": str(requested.id)}, 202
