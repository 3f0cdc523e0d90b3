"""The error tree of llm.

LlmError
 ├─ EngineError            llama.cpp cannot be started: `llm.engine.process`
 ├─ NotConfiguredError     there is no model to serve: `llm.engine.start`
 ├─ PullError              a model file cannot be fetched: `llm.weights.download`
 └─ ModelError             a call to a model did not end in a usable answer
     ├─ UnavailableError   nothing answers, or it answers that it cannot now; may be tried again
     ├─ TooSlowError       the time for an answer, or for its next piece, is over
     ├─ RefusedError       the model's server refuses the request as it stands; says why
     │   └─ TooLongError   the prompt does not fit into the model's context
     └─ MalformedError     an answer came, and it is not what was asked for
"""


class LlmError(Exception):
    """Root of everything that llm raises on purpose."""


class ModelError(LlmError):
    """A call to a model did not end in a usable answer; the feedback of templates stays."""


class UnavailableError(ModelError):
    """Nothing answers at the model's address, it broke off, or it says that it cannot now."""


class TooSlowError(ModelError):
    """The time for a whole answer, or for its next piece, is over."""


class RefusedError(ModelError):
    """The model's server refuses the request as it stands; trying again changes nothing."""


class TooLongError(RefusedError):
    """The prompt does not fit into the context; `tokens` it has, `limit` there are."""

    def __init__(
        self, message: str, *, tokens: int | None = None, limit: int | None = None
    ) -> None:
        super().__init__(message)
        self.tokens = tokens
        self.limit = limit


class MalformedError(ModelError):
    """An answer came, and it is not what was asked for: no JSON, or not of its schema."""
