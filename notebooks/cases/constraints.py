"""What is wrong with a case's constraints: nothing to look for, or an ideal that breaks them."""

from collections.abc import Iterator, Sequence

from notebooks.attempts.document import Cell
from notebooks.cases.profile import Constraint, Profile
from notebooks.cases.usage import Source, Usage, is_target


def constraint_faults(profile: Profile, solution: Sequence[Cell]) -> Iterator[tuple[int, int, str]]:
    """Yield each fault with the positions of its subtask and of the constraint in it."""
    for index, subtask in enumerate(profile.subtasks):
        if not subtask.constraints:
            continue
        usage = Usage(
            Source(cell.id, cell.source, own=cell.subtask == subtask.id)
            for cell in solution
            if cell.kind == "code" and cell.replay
        )
        for number, constraint in enumerate(subtask.constraints):
            for message in _faults(constraint, usage):
                yield index, number, message


def _faults(constraint: Constraint, usage: Usage) -> Iterator[str]:
    for target in (*constraint.must_use, *constraint.must_not_use):
        if not is_target(target):
            yield (
                f"{target!r} is neither a name such as `numpy.mean`, `.apply` or `sorted()` nor "
                "a construct such as `for`."
            )
    for target in constraint.must_use:
        if is_target(target) and usage.of(target) is None:
            yield f"The ideal solution itself does not use `{target}` in this subtask."
    for target in constraint.must_not_use:
        if is_target(target) and usage.of(target) is not None:
            yield f"The ideal solution itself uses `{target}` in this subtask."
