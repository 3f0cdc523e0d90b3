"""What the rest of llm asks of a model: a prompt in, text and its cost out.

The one contract between those who word prompts (analyst, writer, chat, judge) and those who speak
to a server (client, engine). Records only; who implements `Model` is told by its caller.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Role = Literal["system", "user", "assistant"]

Finish = Literal["stop", "length"]
"""Why an answer ended: the model was done, or the tokens allowed were used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are drawn; the defaults are those of Qwen3 without thinking.

    Servers have other defaults of their own, so all four are always sent.
    """

    temperature: float = 0.7
    top_p: float = 0.8
    top_k: int = 20
    min_p: float = 0.0
    presence_penalty: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a whole answer has to be: JSON of this JSON Schema, told to the server by name."""

    name: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request. What all students share comes first, so that a server computes it once."""

    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Sampling = Sampling()
    schema: Schema | None = None
    logprobs: bool = False
    """Whether each token's log probability is wanted, where the server can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a request cost; `cached` of `prompt` were not computed anew."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """A token of an answer with its natural log probability."""

    token: str
    logprob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    text: str
    finish: Finish
    usage: Usage = Usage()
    logprobs: tuple[TokenLogprob, ...] = ()


class Stream(Protocol):
    """An answer while it is made: iterate over its pieces of text, then read what it cost.

    Closing it before its end, or cancelling the task that iterates, cancels the request.
    """

    def __aiter__(self) -> AsyncIterator[str]:
        """Return the pieces of text in order; joined, they are the answer.

        Raises:
            ModelError: the answer broke off; what came before it is no answer.
        """
        ...

    @property
    def answer(self) -> Answer:
        """Return the whole answer; only once the iteration has ended."""
        ...

    async def aclose(self) -> None:
        """Cancel what is still to come; nothing happens if it has ended."""
        ...


class Model(Protocol):
    """A model that answers prompts; it may be shared by tasks of one event loop."""

    async def answer(self, request: Prompt) -> Answer:
        """Return the whole answer to a prompt; its text is not yet parsed, schema or not.

        Raises:
            ModelError: there is none, with the class saying whether another try may help.
        """
        ...

    def stream(self, request: Prompt) -> Stream:
        """Return the answer to a prompt as it comes; the request is sent by iterating."""
        ...
