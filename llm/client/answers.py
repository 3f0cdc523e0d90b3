"""What a server said, parsed: whole answers, pieces of a stream, refusals. No network here."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from llm.errors import (
    MalformedError,
    ModelError,
    RefusedError,
    TooLongError,
    UnavailableError,
)
from llm.model import Answer, Finish, TokenLogprob, Usage

_DATA = b"data:"
_END = b"[DONE]"
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be another one soon."""
_TOLD = 300
"""Characters of a server's complaint that are passed on."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Cached(_Said):
    cached_tokens: int | None = None


class _Usage(_Said):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _Cached | None = None


class _Token(_Said):
    token: str
    logprob: float


class _Logprobs(_Said):
    content: list[_Token] | None = None


class _Text(_Said):
    content: str | None = None


class _Choice(_Said):
    message: _Text | None = None
    delta: _Text | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Completion(_Said):
    choices: list[_Choice] = Field(default_factory=list)
    usage: _Usage | None = None
    error: "_Complaint | str | None" = None


class _Complaint(_Said):
    message: str = ""
    type: str | None = None
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None


class _Refusal(_Said):
    error: _Complaint | str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream: text, and what the last events say besides."""

    text: str = ""
    finish: Finish | None = None
    usage: Usage | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


def read_answer(body: bytes) -> Answer:
    """Return a whole answer.

    Raises:
        MalformedError: the body is none.
    """
    completion = _parsed(body)
    if not completion.choices or completion.choices[0].message is None:
        raise MalformedError("The model's server answered without a message.")
    choice = completion.choices[0]
    text = completion.choices[0].message.content or ""
    return Answer(
        text=text,
        finish=_finish(choice.finish_reason) or "stop",
        usage=_usage(completion.usage),
        logprobs=_logprobs(choice),
    )


def read_event(line: bytes) -> Piece | None:
    """Return what a line of a stream says; None for one that says nothing, or that it is over.

    Raises:
        MalformedError: it is no event of this dialect.
        UnavailableError: the server tells of a failure in mid-stream.
    """
    if not line.startswith(_DATA):
        return None
    data = line[len(_DATA) :].strip()
    if not data or data == _END:
        return None
    completion = _parsed(data)
    if completion.error is not None:
        raise UnavailableError(f"The model's server gave up: {_told(completion.error)}")
    usage = None if completion.usage is None else _usage(completion.usage)
    if not completion.choices:
        return Piece(usage=usage)
    choice = completion.choices[0]
    text = "" if choice.delta is None else choice.delta.content or ""
    return Piece(text, _finish(choice.finish_reason), usage, _logprobs(choice))


def joined(pieces: Sequence[Piece]) -> Answer:
    """Return the answer that pieces make.

    Raises:
        UnavailableError: the last of them does not say that it is over.
    """
    finishes = [one.finish for one in pieces if one.finish is not None]
    if not finishes:
        raise UnavailableError("The model's server broke off in the middle of an answer.")
    usages = [one.usage for one in pieces if one.usage is not None]
    return Answer(
        text="".join(one.text for one in pieces),
        finish=finishes[-1],
        usage=usages[-1] if usages else Usage(),
        logprobs=tuple(token for one in pieces for token in one.logprobs),
    )


def refusal(status: int, body: bytes) -> ModelError:
    """Return the error that a status other than 200 stands for."""
    try:
        said = _Refusal.model_validate_json(body)
    except ValidationError:
        said = _Refusal()
    complaint = said.error if said.error is not None else (said.detail or "")
    told = f"The model's server answered {status}: {_told(complaint)}".rstrip(": ")
    if isinstance(complaint, _Complaint) and complaint.type == "exceed_context_size_error":
        return TooLongError(told, tokens=complaint.n_prompt_tokens, limit=complaint.n_ctx)
    if status in _BUSY:
        return UnavailableError(told)
    return RefusedError(told)


def _parsed(body: bytes) -> _Completion:
    try:
        # By `json` first: servers differ in how they escape, and it takes all of them.
        return _Completion.model_validate(json.loads(body))
    except (ValueError, ValidationError) as error:
        raise MalformedError("The model's server answered what is no completion.") from error


def _told(complaint: _Complaint | str) -> str:
    text = complaint if isinstance(complaint, str) else complaint.message
    return " ".join(text.split())[:_TOLD]


def _finish(reason: str | None) -> Finish | None:
    if reason is None:
        return None
    return "length" if reason == "length" else "stop"


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    return Usage(
        prompt=usage.prompt_tokens,
        cached=(details.cached_tokens or 0) if details is not None else 0,
        completion=usage.completion_tokens,
    )


def _logprobs(choice: _Choice) -> tuple[TokenLogprob, ...]:
    found = choice.logprobs.content if choice.logprobs is not None else None
    return tuple(TokenLogprob(token=one.token, logprob=one.logprob) for one in found or ())
