"""What can go wrong when an environment is built."""

from collections.abc import Sequence
from dataclasses import dataclass

from notebooks.errors import NotebooksError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the requirements, and where: `number` counts lines from 1."""

    number: int | None
    line: str | None
    """The line as its author wrote it; None where no single line is to blame."""
    message: str

    def __str__(self) -> str:
        """Return `requirements.txt, line 3, “-r x”: message`, as far as the place is known."""
        place = ["requirements.txt"]
        place += [f"line {self.number}"] if self.number is not None else []
        place += [f"“{self.line}”"] if self.line is not None else []
        return f"{', '.join(place)}: {self.message}"


class EnvironmentBuildError(NotebooksError):
    """The requirements cannot be installed; `faults` holds everything that is known to be wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


class ImageError(NotebooksError):
    """No image can be generated or built: something that it takes is missing, or it failed."""
