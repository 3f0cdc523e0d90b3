"""The error tree of grading.

GradingError
 ├─ ProbeError              a probe cannot be asked
 ├─ CasePreparationError    the ideal solution cannot answer; carries the problems
 ├─ UnknownSubtaskError     no such subtask in the case
 ├─ BatchError              a batch of notebooks, or its earlier results, cannot be read
 ├─ NotebookTooLargeError   more cells or text than the rules check
 └─ LinterError             the linter failed, or took too long
"""

from notebooks.cases.problems import Problem


class GradingError(Exception):
    """Root of everything that grading raises on purpose."""


class ProbeError(GradingError):
    """A probe cannot be asked as it is written; `probe` is its id."""

    def __init__(self, probe: str, message: str) -> None:
        super().__init__(message)
        self.probe = probe


class CasePreparationError(GradingError):
    """The ideal solution does not run, or a probe cannot be answered by it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class UnknownSubtaskError(GradingError):
    """The case has no such subtask."""


class BatchError(GradingError):
    """The notebooks of a batch, or the results of an earlier one, cannot be read."""


class NotebookTooLargeError(GradingError):
    """A notebook has more cells or text than the rules check."""

    def __init__(self, *, cells: int, characters: int) -> None:
        super().__init__(f"At most {cells} cells and {characters} characters are checked.")


class LinterError(GradingError):
    """The linter could not be started, failed, or took too long."""
