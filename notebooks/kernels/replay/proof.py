"""Proof that a test ran to its end: a random word that its last line says."""

import secrets

from notebooks.kernels.records import Answer, Ask, AskTest, CellFailure
from notebooks.kernels.values import Bool, Str

_SILENT = "The test did not run to its end."


def armed(ask: Ask) -> tuple[Ask, str | None]:
    """Return what to ask in place of `ask`, and the word that has to come back, if one has to."""
    if not isinstance(ask, AskTest):
        return ask, None
    word = secrets.token_hex(16)
    return AskTest(source=f"{ask.source}\n{word!r}"), word


def proven(answer: Answer, word: str | None) -> Answer:
    """Return the answer to an armed question as one to the question itself."""
    if word is None or answer.failure is not None:
        return answer
    if answer.value == Str(v=word):
        return answer.model_copy(update={"value": Bool(v=True)})
    failure = CellFailure(name="AssertionError", message=_SILENT)
    return answer.model_copy(update={"value": None, "failure": failure})
