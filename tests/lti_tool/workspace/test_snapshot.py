import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from grading import deliveries
from lti_tool.sessions.principal import Principal, authorise
from lti_tool.workspace.records import Snapshot
from lti_tool.workspace.snapshot import snapshot
from notebooks.attempts import documents, runs
from notebooks.journal import log
from tests.lti_tool.site import Launched, Site

ROUNDS = 15


@dataclass(frozen=True)
class Told:
    """What a page knows: the document's revision, and each cell's newest run and its state."""

    revision: int
    runs: dict[str, tuple[str, str]]


def _of_snapshot(state: Snapshot) -> Told:
    return Told(
        state.document.revision,
        {cell: (str(run.run_id), run.state) for cell, run in state.runs.items()},
    )


def _of_events(events: Sequence[log.Event]) -> Told:
    revision, newest = 1, dict[str, tuple[str, str]]()
    for event in events:
        payload = event.payload
        match event.kind:
            case "document.saved":
                revision = payload["revision"]
            case "run.queued":
                newest[payload["cell_id"]] = (payload["run_id"], "queued")
            case "run.finished" if newest[payload["cell_id"]][0] == payload["run_id"]:
                newest[payload["cell_id"]] = (payload["run_id"], payload["state"])
    return Told(revision, newest)


def _take(site: Site, principal: Principal) -> Snapshot:
    with site.database.transaction() as session:
        return snapshot(session, principal)


def _writers(site: Site, attempt_id: UUID) -> list[threading.Thread]:
    def write(change: Callable[[Session, int], object]) -> None:
        for turn in range(ROUNDS):
            with site.database.transaction() as session:
                change(session, turn)

    def save(session: Session, turn: int) -> None:
        documents.save(session, attempt_id, base_revision=turn + 1, sources={"c1": f"x = {turn}"})

    def run(cell: str) -> Callable[[Session, int], object]:
        return lambda session, turn: runs.request_run(
            session, attempt_id=attempt_id, cell_id=cell, source=str(turn), run_id=uuid4()
        )

    def stop(session: Session, turn: int) -> None:
        del turn
        runs.stop_queued(session, attempt_id)

    return [threading.Thread(target=write, args=(c,)) for c in (save, run("c1"), run("c2"), stop)]


def _principal(site: Site, launched: Launched) -> Principal:
    with site.database.transaction() as session:
        return authorise(session, launched.session_id)


def test_a_snapshot_is_exactly_what_the_events_up_to_it_told_while_others_write(
    site: Site,
) -> None:
    launched = site.launch()
    principal = _principal(site, launched)
    writers = _writers(site, launched.attempt_id)
    for writer in writers:
        writer.start()
    taken = [_take(site, principal)]
    while any(writer.is_alive() for writer in writers):
        taken.append(_take(site, principal))
    taken.append(_take(site, principal))
    with site.database.transaction() as session:
        events = log.read(session, launched.stream_id, 0, 1000)
    assert taken[-1].last_seq == len(events) > 3 * ROUNDS
    assert taken[-1].document.revision == ROUNDS + 1
    assert len({state.last_seq for state in taken}) > 2
    for state in taken:
        assert _of_snapshot(state) == _of_events(events[: state.last_seq])


def test_a_score_that_was_sent_says_when_and_a_newer_one_does_not_yet(site: Site) -> None:
    launched = site.launch()
    principal = _principal(site, launched)
    with site.database.transaction() as session:
        deliveries.want(session, launched.attempt_id, public_url=site.settings.public_url)
        claim = deliveries.claim(session, launched.attempt_id)
        assert claim is not None
        deliveries.sent(session, launched.attempt_id, claim)
    sent = _take(site, principal).delivery
    assert sent is not None
    assert (sent.state, sent.at) == ("sent", claim.timestamp)
    with site.database.transaction() as session:
        deliveries.want(session, launched.attempt_id, public_url=site.settings.public_url)
    wanted = _take(site, principal).delivery
    assert wanted is not None
    assert (wanted.state, wanted.at) == ("pending", None)
