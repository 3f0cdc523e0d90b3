"""How the engine is to run, and what its process is told on standard input, as JSON."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer


class Shape(BaseModel):
    """How much of the machine an engine takes, and how it shares that out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: int = Field(default=4, ge=1, le=64)
    """Requests that are answered at the same time."""
    slot_tokens: int = Field(default=8192, ge=512)
    """Context of each slot: prompt and answer together."""
    threads: int | None = Field(default=None, ge=1)
    """None: as many as there are cores, less one for everything else."""
    batch_tokens: int = Field(default=128, ge=16)
    """Prompt tokens between two looks at whether a request was cancelled."""
    cache_mib: int = Field(default=512, ge=0)
    """Memory for prompts that have left their slot."""


class EngineOptions(Shape):
    """One engine."""

    model: Path
    """A GGUF file."""
    key: SecretStr
    """What every request has to bring; random, anew for each process."""

    @field_serializer("key")
    def _plain(self, key: SecretStr) -> str:
        return key.get_secret_value()
