"""How a probe's answer is judged, as records that are stored with it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Check(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agrees(_Check):
    """The answer agrees with the ideal's."""

    kind: Literal["agrees"] = "agrees"


class Raises(_Check):
    """Asking raises an exception of a class, or of one derived from it."""

    kind: Literal["raises"] = "raises"
    error: str
    text: str | None = None
    """What the exception's message looks like, `*` standing for anything; capitals mean nothing."""


class Prints(_Check):
    """The subtask's own cells print what the ideal's print."""

    kind: Literal["prints"] = "prints"
    other_lines: bool = False
    """Whether other lines may stand before, between and after those."""


Check = Annotated[Agrees | Raises | Prints, Field(discriminator="kind")]
