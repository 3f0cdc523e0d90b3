"""The errors of the runner and its client.

KernelError (notebooks.errors)
 ├─ SandboxError          a sandbox could not be started
 ├─ RunnerFullError       no room for another kernel and none is idle
 ├─ KernelMissingError    the attempt has no living kernel
 ├─ KernelBusyError       the kernel executes another run
 ├─ RunUnknownError       the runner does not know the run (it was restarted)
 ├─ RunnerUnreachableError  the runner does not answer
 └─ RunnerRefusedError    the runner answered with an error; carries the status
"""

from notebooks.errors import KernelError


class SandboxError(KernelError):
    """A sandbox could not be started; the message says what it printed."""


class RunnerFullError(KernelError):
    """Every place is taken by a kernel that works; try again later."""


class KernelMissingError(KernelError):
    """The attempt has no living kernel; start one first."""


class KernelBusyError(KernelError):
    """The kernel executes another run; it takes one at a time."""


class RunUnknownError(KernelError):
    """The runner does not know this run; it may have executed in part."""


class RunnerUnreachableError(KernelError):
    """The runner did not answer in time; it may be starting again."""


class RunnerRefusedError(KernelError):
    """The runner answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the runner answered {status}: {message}")
        self.status = status
