"""The attempt's kernel, asked and interrupted directly: what cannot wait for a worker."""

from contextlib import suppress
from typing import Protocol

from lti_tool.sessions.principal import Principal
from lti_tool.workspace.records import KernelView
from notebooks.errors import KernelError
from notebooks.kernels.errors import KernelMissingError
from notebooks.kernels.records import (
    CodePosition,
    Completion,
    Inspection,
    KernelStatus,
    Variables,
)


class Attendant(Protocol):
    """What the web asks of a runner; `notebooks.kernels.client.RunnerAttendant` in production."""

    def status(self, url: str, attempt_id: str) -> KernelStatus | None:
        """Return how the attempt's kernel is, None if there is none; 300 ms, or KernelError."""
        ...

    def stop(self, url: str, attempt_id: str) -> None:
        """Interrupt what the attempt's kernel runs, within 2 s; raises KernelError."""
        ...

    def complete(self, url: str, attempt_id: str, place: CodePosition) -> Completion:
        """Return what could be written at a position; 300 ms, or KernelError."""
        ...

    def inspect(self, url: str, attempt_id: str, place: CodePosition) -> Inspection:
        """Return what is known about the name at a position; 300 ms, or KernelError."""
        ...

    def variables(self, url: str, attempt_id: str) -> Variables:
        """Return the newest variables; 300 ms, or KernelError."""
        ...

    def restart(self, url: str, attempt_id: str) -> None:
        """Replace the attempt's kernel by a new one, within 2 s; raises KernelError."""
        ...


_WITHOUT_KERNEL = frozenset({"starting", "queued", "asleep", "dead"})
"""What the journal may have told of a kernel that its runner does not have, and be right."""


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
        return told if told.state in _WITHOUT_KERNEL else KernelView()
    return KernelView(
        state="idle" if status.state == "busy" else status.state,
        reason=status.reason or told.reason,
        position=status.position,
    )


def interrupt(attendant: Attendant, principal: Principal) -> None:
    """Interrupt what the attempt's kernel runs; without a kernel there is nothing to do.

    Raises KernelError if the runner cannot be reached.
    """
    if principal.runner_url is not None:
        with suppress(KernelMissingError):
            attendant.stop(principal.runner_url, str(principal.attempt_id))


def complete(attendant: Attendant, principal: Principal, place: CodePosition) -> Completion:
    """Return what could be written at a position; nothing where no kernel says so in time."""
    if principal.runner_url is None:
        return Completion()
    try:
        return attendant.complete(principal.runner_url, str(principal.attempt_id), place)
    except KernelError:
        return Completion()


def inspect(attendant: Attendant, principal: Principal, place: CodePosition) -> Inspection:
    """Return what is known about the name at a position; nothing where no kernel says so in time.

    The text may hold the colours of a terminal.
    """
    if principal.runner_url is None:
        return Inspection()
    try:
        return attendant.inspect(principal.runner_url, str(principal.attempt_id), place)
    except KernelError:
        return Inspection()


def variables(attendant: Attendant, principal: Principal) -> Variables:
    """Return the kernel's newest variables; none where no kernel says so in time."""
    if principal.runner_url is None:
        return Variables()
    try:
        return attendant.variables(principal.runner_url, str(principal.attempt_id))
    except KernelError:
        return Variables()


def restart(attendant: Attendant, principal: Principal) -> None:
    """Replace the attempt's kernel by a new one; without a kernel there is nothing to replace.

    Raises KernelError if the runner cannot be reached.
    """
    if principal.runner_url is not None:
        with suppress(KernelMissingError):
            attendant.restart(principal.runner_url, str(principal.attempt_id))
