"""The error tree of notebooks.

NotebooksError
 ├─ CaseError            a case cannot be read; carries the problems
 ├─ EnvironmentBuildError  requirements cannot be installed
 ├─ RevisionConflictError  a document was saved from elsewhere in between
 ├─ NotFoundError        no such attempt, cell or object
 └─ KernelError          the runner or a sandbox failed
"""


class NotebooksError(Exception):
    """Root of everything that notebooks raises on purpose."""


class NotFoundError(NotebooksError):
    """No such attempt, cell, case or object."""


class KernelError(NotebooksError):
    """The runner refused, is unreachable, or lost a sandbox."""
