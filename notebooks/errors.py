"""The error tree of notebooks.

NotebooksError
 ├─ CaseError              a case cannot be read; carries the problems
 ├─ EnvironmentBuildError  requirements cannot be installed
 ├─ ImageError             an environment cannot be built as an image
 ├─ DownloadError          a file that a case names by address cannot be fetched
 ├─ RevisionConflictError  a document was saved from elsewhere in between; carries the newer one
 ├─ CellRefusedError       a cell's source cannot be saved or run as asked
 ├─ TooManyRunsError       the attempt's queue of runs is full
 ├─ NotFoundError          no such attempt, cell or object
 ├─ ObjectExistsError      a create-only write met an object
 ├─ InvalidKeyError        an object key that is no plain relative path
 └─ KernelError            the runner or a sandbox failed
     └─ …                  what exactly: `notebooks.kernels.errors`
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notebooks.attempts.document import DocumentState
    from notebooks.cases.problems import Problem


class NotebooksError(Exception):
    """Root of everything that notebooks raises on purpose."""


class CaseError(NotebooksError):
    """A case cannot be read; `problems` names every fault with file, cell and line."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class RevisionConflictError(NotebooksError):
    """The document was saved from elsewhere in between; `current` is what is stored now."""

    def __init__(self, current: "DocumentState") -> None:
        super().__init__(
            "The notebook was changed elsewhere in the meantime: "
            f"revision {current.revision} is stored now."
        )
        self.current = current


class CellRefusedError(NotebooksError):
    """A cell's source cannot be saved or run as asked: it is text, or too long."""


class TooManyRunsError(NotebooksError):
    """The attempt's queue of runs is full; some have to end or be stopped first."""


class NotFoundError(NotebooksError):
    """No such attempt, cell, case or object."""


class ObjectExistsError(NotebooksError):
    """A create-only write met an object under the same key."""


class InvalidKeyError(NotebooksError):
    """An object key that is no plain relative path."""


class KernelError(NotebooksError):
    """The runner refused, is unreachable, or lost a sandbox."""
