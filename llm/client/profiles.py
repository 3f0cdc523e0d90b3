"""What each backend can do and how it wants to be asked: a table, not a condition elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Backend(StrEnum):
    """The programs that serve models in the OpenAI dialect."""

    XLLAMACPP = "xllamacpp"
    """llama.cpp's server inside our own llm process."""
    LLAMA_SERVER = "llama-server"
    """llama.cpp's server, run by somebody else."""
    VLLM = "vllm"
    LLAMA_CPP_PYTHON = "llama-cpp-python"
    """The Python binding of llama.cpp, inside our own llm process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One backend."""

    backend: Backend
    health_path: str
    """Answers 200 once the model can be asked."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields beyond the dialect that every request carries."""
    counts_cached: bool = True
    """Whether `usage` says how many prompt tokens were not computed anew."""
    has_slots: bool = False
    """Whether a prompt can be kept in a slot, saved and restored (`/slots`)."""
    parallel: bool = True
    """Whether several requests are answered at a time."""
    cannot: tuple[str, ...] = ()
    """What is missing, in words for `casebook llm check`."""


_LLAMA_CPP = {"cache_prompt": True, "chat_template_kwargs": {"enable_thinking": False}}

PROFILES: Mapping[Backend, Profile] = {
    profile.backend: profile
    for profile in (
        Profile(backend=Backend.XLLAMACPP, health_path="/health", extra=_LLAMA_CPP, has_slots=True),
        Profile(
            backend=Backend.LLAMA_SERVER,
            health_path="/health",
            extra=_LLAMA_CPP,
            has_slots=True,
            cannot=("Client certificates: put a proxy that checks them in front of it.",),
        ),
        Profile(
            backend=Backend.VLLM,
            health_path="/health",
            extra={"chat_template_kwargs": {"enable_thinking": False}},
            cannot=("Slots: its own prefix cache takes their place.",),
        ),
        Profile(
            backend=Backend.LLAMA_CPP_PYTHON,
            health_path="/health",
            counts_cached=False,
            parallel=False,
            cannot=(
                "Several answers at a time: they come one after the other.",
                "Log probabilities of schema-bound answers.",
                "A count of the prompt's tokens that were computed before.",
            ),
        ),
    )
}
"""By backend. What was measured of each is told in docs/models.md."""
