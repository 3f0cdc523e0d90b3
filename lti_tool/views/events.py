"""What happens in an attempt, as it happens: the event stream, and its polling twin."""

from flask import Blueprint, Response

from lti_tool.extensions import transaction
from lti_tool.sessions.principal import Principal
from lti_tool.views.requests import Json, for_attempt, read_after
from lti_tool.wiring import wiring
from lti_tool.workspace.streams import EventStream
from notebooks.journal.log import read

blueprint = Blueprint("events", __name__, url_prefix="/api/attempts/<uuid:attempt_id>")

POLL_LIMIT = 500
"""Events in one answer to a page that polls."""


@blueprint.get("/events")
@for_attempt
def stream(principal: Principal) -> Response:
    """Follow the attempt's journal by server-sent events."""
    kit, after = wiring(), read_after()
    body = EventStream(
        kit.slots,
        lambda: kit.live.subscribe(principal.stream_id, after=after),
        seconds=kit.settings.stream_seconds,
        heartbeat_seconds=kit.settings.heartbeat_seconds,
    )
    # For a proxy in between: a stream is neither buffered nor changed.
    return Response(body, mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})


@blueprint.get("/events.json")
@for_attempt
def poll(principal: Principal) -> Json:
    """Return the events after a number, for a page that cannot have a stream."""
    with transaction() as session:
        events = read(session, principal.stream_id, read_after(), POLL_LIMIT)
    return {"events": [{"seq": e.seq, "kind": e.kind, "payload": dict(e.payload)} for e in events]}
