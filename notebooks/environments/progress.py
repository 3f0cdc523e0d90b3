"""How far a build has come, for whoever waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What a build does, in this order; one that finds its environment built is ready at once."""

    RESOLVING = "resolving"
    INSTALLING = "installing"
    COMPILING = "compiling"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Progress:
    """A step that begins (or, for `READY`, the end)."""

    step: Step
    packages: int | None = None
    """How many packages the environment has, from `INSTALLING` on."""

    def __str__(self) -> str:
        """Return one line for a log."""
        match self.step:
            case Step.RESOLVING:
                return "Resolving the requirements."
            case Step.INSTALLING:
                return f"Installing {self.packages} packages."
            case Step.COMPILING:
                return "Compiling."
            case Step.READY:
                return "The environment is ready."


Log = Callable[[str], None]
"""Takes one line of a build's log."""

Report = Callable[[Progress], None]
"""Takes each step as it begins."""
