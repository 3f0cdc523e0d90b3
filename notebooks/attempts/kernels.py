"""Which kernel an attempt has: its place, its specification, and what the page is told of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from config.settings import Settings
from notebooks.attempts.limits import limits_of
from notebooks.attempts.models import Attempt
from notebooks.attempts.runs import lock_attempt
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Policy
from notebooks.errors import KernelError
from notebooks.journal.log import append, compact
from notebooks.journal.models import JournalEvent, JournalStream
from notebooks.kernels.records import KernelSpec, KernelState, KernelStatus

CHANGED = "kernel.changed"
RESTARTED = "A new kernel was started: what earlier cells defined is gone. Run them again."
ALIVE: tuple[KernelState, ...] = ("starting", "idle", "busy")
_SUBJECT = "kernel"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt's kernel lives and what it must be like."""

    url: str
    spec: KernelSpec


@dataclass(frozen=True, slots=True)
class KernelNotice:
    """What the page was last told about the kernel."""

    state: KernelState
    reason: str | None
    position: int | None = None
    """Place in the runner's queue while `queued`."""
    kernel_id: str | None = None
    """Which process that was; pages do not need it."""


def pin(
    session: Session, attempt_id: UUID, *, settings: Settings, leave: str | None = None
) -> Place:
    """Return the attempt's place, pinning it to this installation's runner on the first call.

    `leave` names a runner that cannot be reached any more: if the attempt is pinned there, it
    moves. Raises NotFoundError, and KernelError while the case version is not built.
    """
    attempt = lock_attempt(session, attempt_id)
    if attempt.runner_url is None or attempt.runner_url == leave:
        attempt.runner_url = settings.runner_url
    version = attempt.case_version
    if version.environment is None:
        raise KernelError("This case is still being built. Try again in a moment.")
    policy = Policy.model_validate(version.profile.get("policy", {}))
    limits = limits_of(settings, policy)
    spec = KernelSpec(
        environment=version.environment,
        data=version.data,
        imports=tuple(version.imports),
        limits=limits,
    )
    return Place(attempt.runner_url, spec)


def notice(session: Session, stream_id: UUID) -> KernelNotice | None:
    """Return what was last told about the kernel of this attempt's stream; None before it began."""
    payload = session.scalar(
        select(JournalEvent.payload)
        .where(
            JournalEvent.stream_id == stream_id,
            JournalEvent.subject == _SUBJECT,
            JournalEvent.kind == CHANGED,
        )
        .order_by(JournalEvent.seq.desc())
        .limit(1)
    )
    if payload is None:
        return None
    return KernelNotice(
        payload["state"], payload["reason"], payload.get("position"), payload.get("kernel_id")
    )


def announce(
    session: Session, attempt_id: UUID, state: KernelState, reason: str | None = None
) -> None:
    """Tell the page about the kernel it knows, if that is news; only the newest notice is kept."""
    _tell(session, attempt_id, lambda last: KernelNotice(state, reason, None, _id_of(last)))


def announce_status(session: Session, attempt_id: UUID, status: KernelStatus) -> None:
    """Tell the page what its runner answered, and whether a kernel before this one is gone."""
    _tell(session, attempt_id, lambda last: _news(last, status))


def announce_end(
    session: Session, attempt_id: UUID, kernel_id: str, state: KernelState, reason: str | None
) -> None:
    """Tell the page that a kernel has ended, unless it knows that, or of a newer one."""

    def news(last: KernelNotice | None) -> KernelNotice | None:
        if last is None or last.kernel_id != kernel_id or last.state not in ALIVE:
            return last
        return KernelNotice(state, reason, None, kernel_id)

    _tell(session, attempt_id, news)


def told_alive(session: Session, url: str) -> dict[UUID, str]:
    """Return the kernels at a runner that pages take for living: their ids by attempt."""
    newest = (
        select(JournalEvent.stream_id, JournalEvent.payload)
        .where(JournalEvent.subject == _SUBJECT, JournalEvent.kind == CHANGED)
        .ext(distinct_on(JournalEvent.stream_id))
        .order_by(JournalEvent.stream_id, JournalEvent.seq.desc())
        .subquery()
    )
    rows = session.execute(
        select(Attempt.id, newest.c.payload["kernel_id"].astext)
        .join(newest, newest.c.stream_id == Attempt.stream_id)
        .where(Attempt.runner_url == url, newest.c.payload["state"].astext.in_(ALIVE))
    )
    return {attempt_id: kernel_id for attempt_id, kernel_id in rows if kernel_id is not None}


def _tell(
    session: Session,
    attempt_id: UUID,
    news: Callable[[KernelNotice | None], KernelNotice | None],
) -> None:
    """Write what `news` makes of the last notice, if that is another one.

    Two may tell at once: the second one decides again when the first is done.
    """
    stream_id = get_attempt(session, attempt_id).stream_id
    last = notice(session, stream_id)
    if news(last) == last:
        return
    session.get(JournalStream, stream_id, with_for_update=True, populate_existing=True)
    last = notice(session, stream_id)
    new = news(last)
    if new is None or new == last:
        return
    compact(session, stream_id, _SUBJECT, (CHANGED,))
    append(session, stream_id, CHANGED, asdict(new), _SUBJECT)


def _news(last: KernelNotice | None, status: KernelStatus) -> KernelNotice:
    """Return what the page must be told when its runner answers with this status."""
    state: KernelState = "idle" if status.state == "busy" else status.state
    if state == "dead":
        return KernelNotice(state, status.reason, None, status.kernel_id)
    return KernelNotice(state, _why(last, status), status.position, status.kernel_id)


def _why(last: KernelNotice | None, status: KernelStatus) -> str | None:
    if last is None:
        return None
    if last.state == "queued":
        return last.reason
    if last.kernel_id == status.kernel_id:
        if last.state in ALIVE:
            return last.reason
        if status.kernel_id is not None:
            return None  # it only could not be reached
    return RESTARTED


def _id_of(last: KernelNotice | None) -> str | None:
    return None if last is None else last.kernel_id
