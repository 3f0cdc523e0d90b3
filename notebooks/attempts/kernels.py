"""Which kernel an attempt has: its place, its specification, and what the page is told of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import Settings
from notebooks.attempts.runs import lock_attempt
from notebooks.attempts.service import get_attempt
from notebooks.cases.profile import Policy
from notebooks.errors import KernelError
from notebooks.journal.log import append, compact
from notebooks.journal.models import JournalEvent
from notebooks.kernels.records import KernelSpec, KernelState, Limits

CHANGED = "kernel.changed"
RESTARTED = "A new kernel was started: what earlier cells defined is gone. Run them again."
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


def limits_of(settings: Settings, policy: Policy) -> Limits:
    """Return the limits of a kernel: the installation's, where the case asks for no less or more.

    A case may lower the limits as it likes, and raise the memory up to twice the installation's.
    """
    memory = policy.memory_bytes or settings.kernel_memory_bytes
    return Limits(
        memory_bytes=min(memory, 2 * settings.kernel_memory_bytes),
        cpu_percent=settings.kernel_cpu_percent,
        processes=settings.kernel_processes,
        home_bytes=settings.kernel_home_bytes,
        run_seconds=min(policy.run_seconds or settings.run_seconds, 4 * settings.run_seconds),
    )


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
    return None if payload is None else KernelNotice(payload["state"], payload["reason"])


def announce(
    session: Session, attempt_id: UUID, state: KernelState, reason: str | None = None
) -> None:
    """Tell the page about the kernel if that is news; only the newest notice is kept."""
    stream_id = get_attempt(session, attempt_id).stream_id
    if notice(session, stream_id) == KernelNotice(state, reason):
        return
    compact(session, stream_id, _SUBJECT, (CHANGED,))
    append(session, stream_id, CHANGED, {"state": state, "reason": reason}, _SUBJECT)


def announce_start(session: Session, attempt_id: UUID) -> None:
    """Tell the page that a kernel is on its way, and whether one before it is gone."""
    last = notice(session, get_attempt(session, attempt_id).stream_id)
    if last is None or last.state != "starting":
        announce(session, attempt_id, "starting", RESTARTED if last else None)


def announce_ready(session: Session, attempt_id: UUID) -> None:
    """Tell the page that the kernel is ready, unless it knows that already."""
    last = notice(session, get_attempt(session, attempt_id).stream_id)
    if last is None:
        announce(session, attempt_id, "idle")
    elif last.state == "starting":
        announce(session, attempt_id, "idle", last.reason)
    elif last.state == "dead":
        announce(session, attempt_id, "idle", RESTARTED)
