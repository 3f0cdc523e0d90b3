"""Whether asking raised the exception that is asked for. Which one it was is a claim."""

import builtins
from fnmatch import fnmatchcase

from grading.checks.finding import Finding
from grading.checks.records import Raises
from notebooks.kernels.records import Answer, CellFailure
from notebooks.kernels.values import Str, Value

_UNWRITTEN = "NotImplementedError"
"""What a stub raises; it counts where it is asked for by its own name only."""

_KINDS = 2
"""Unrelated exceptions of Python's that one may be at once; libraries have some of two."""
_MESSAGE = 1000
"""Characters of a message that is looked into; whoever writes more may have tried every word."""


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
    fault = _fault(check, answer.failure)
    if fault is None and (doubt := _says_everything(check, answer.failure)) is not None:
        return Finding(doubt, facts={"name": name}, observed=name, weight="doubts")
    return Finding(fault, facts={"name": name}, observed=name)


def _says_everything(check: Raises, failure: CellFailure) -> str | None:
    """Return what of an exception would pass for any other; a person has to look at it."""
    kinds = {
        kind
        for name in {failure.name, *failure.bases}
        if isinstance(kind := getattr(builtins, name, None), type)
        and issubclass(kind, BaseException)
    }
    last = [one for one in kinds if not any(issubclass(k, one) for k in kinds if k is not one)]
    if len(last) > _KINDS:
        return "raised_other"
    if check.text is not None and len(failure.message) > _MESSAGE:
        return "raised_message"
    return None


def _fault(check: Raises, failure: CellFailure) -> str | None:
    names = {failure.name, *failure.bases}
    unwritten = _UNWRITTEN in names and check.error != _UNWRITTEN
    if check.error not in names or unwritten:
        return "raised_other"
    told = failure.message.casefold()
    if check.text is not None and not fnmatchcase(told, check.text.casefold()):
        return "raised_message"
    return None
