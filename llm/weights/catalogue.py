"""The models that are offered by name."""

from collections.abc import Mapping
from dataclasses import dataclass

_GIB = 1024**3
_HUB = "https://huggingface.co"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A model that answers without thinking aloud, quantized to about four bits."""

    name: str
    url: str
    file_bytes: int
    """About; what the server says counts."""
    memory_bytes: int
    """With four slots of 8192 tokens, weights and contexts together."""

    @property
    def file(self) -> str:
        """Return the name that the file is kept under."""
        return self.url.rpartition("/")[2]


def _offer(name: str, repository: str, file: str, *, size: float, memory: float) -> Offer:
    return Offer(
        name=name,
        url=f"{_HUB}/{repository}/resolve/main/{file}",
        file_bytes=int(size * 1e9),
        memory_bytes=int(memory * _GIB),
    )


OFFERS: Mapping[str, Offer] = {
    offer.name: offer
    for offer in (
        _offer(
            "qwen3-30b-a3b",
            "unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF",
            "Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf",
            size=18.6,
            memory=20.5,
        ),
        _offer(
            "qwen3-4b",
            "unsloth/Qwen3-4B-Instruct-2507-GGUF",
            "Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
            size=2.5,
            memory=7.0,
        ),
    )
}
"""The best first."""


def fitting(memory_bytes: int) -> Offer | None:
    """Return the best model that fits into this much memory; None if none does."""
    return next((one for one in OFFERS.values() if one.memory_bytes <= memory_bytes), None)
