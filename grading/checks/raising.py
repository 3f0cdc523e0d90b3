"""Whether asking raised the exception that is asked for. Which one it was is a claim."""

from fnmatch import fnmatchcase

from grading.checks.finding import Finding
from grading.checks.records import Raises
from notebooks.kernels.records import Answer, CellFailure
from notebooks.kernels.values import Str, Value

_UNWRITTEN = "NotImplementedError"
"""What a stub raises; it counts where it is asked for by its own name only."""


def ideal(check: Raises, answer: Answer | None) -> Value | str:
    """Return the name of the exception that the ideal raised, or what is wrong with it."""
    if answer is None or (answer.value is None and answer.failure is None):
        return "the ideal solution gives no answer"
    if answer.failure is None:
        return f"the ideal solution raises nothing, but `{check.error}` is asked for"
    fault = _fault(check, answer.failure)
    if fault is not None:
        raised = f"{answer.failure.name}: {answer.failure.message}"
        return f"the ideal solution raises {raised}, which is not what is asked for"
    return Str(v=answer.failure.name)


def found(check: Raises, answer: Answer) -> Finding:
    """Return what was raised in place of the exception that is asked for."""
    if answer.failure is None:
        return Finding("raised_nothing")
    name = answer.failure.name[:80]
    return Finding(_fault(check, answer.failure), facts={"name": name}, observed=name)


def _fault(check: Raises, failure: CellFailure) -> str | None:
    names = {failure.name, *failure.bases}
    unwritten = _UNWRITTEN in names and check.error != _UNWRITTEN
    if check.error not in names or unwritten:
        return "raised_other"
    told = failure.message.casefold()
    if check.text is not None and not fnmatchcase(told, check.text.casefold()):
        return "raised_message"
    return None
