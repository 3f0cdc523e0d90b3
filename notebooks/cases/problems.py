"""What is wrong with a case, and where: the one way in which the case format complains."""

from dataclasses import dataclass

from notebooks.environments.errors import Fault


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `file` is the path inside the case; `cell` and `line` count from 1."""

    file: str
    cell: int | None
    line: int | None
    message: str

    def __str__(self) -> str:
        """Return `file, cell 3, line 2: message`, as far as the place is known."""
        place = [self.file]
        if self.cell is not None:
            place.append(f"cell {self.cell}")
        if self.line is not None:
            place.append(f"line {self.line}")
        return f"{', '.join(place)}: {self.message}"


def requirement_problem(fault: Fault) -> Problem:
    """Return what is wrong with the requirements as a problem of the case."""
    message = fault.message if fault.line is None else f"`{fault.line}`: {fault.message}"
    return Problem("requirements.txt", None, fault.number, message)


@dataclass(frozen=True, slots=True)
class Problems:
    """Every fault that was found; a case with faults is not read at all."""

    items: tuple[Problem, ...]

    def __str__(self) -> str:
        """Return one fault a line."""
        return "\n".join(str(item) for item in self.items)


class ProblemLog:
    """Collects problems while a case is read, so that one reading names all of them."""

    LIMIT = 200

    def __init__(self) -> None:
        self._items: list[Problem] = []

    def __bool__(self) -> bool:
        """Return whether anything is wrong so far."""
        return bool(self._items)

    def add(
        self, file: str, message: str, *, cell: int | None = None, line: int | None = None
    ) -> None:
        """Add a problem; beyond `LIMIT` they are dropped, the same one is added once."""
        problem = Problem(file, cell, line, message)
        if len(self._items) < self.LIMIT and problem not in self._items:
            self._items.append(problem)

    def result(self) -> Problems:
        """Return what was collected."""
        return Problems(tuple(self._items))
