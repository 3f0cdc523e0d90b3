"""What can be said of authors' tests without running them: names, syntax and points."""

import math
from collections.abc import Callable

from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import AuthorTest, Profile, Subtask
from notebooks.syntax import parse_module

_SLACK = 1e-6
"""Points that add up from shares may be this much more than the whole."""

Line = Callable[[tuple[int | str, ...]], int | None]
"""Gives the line of a part of the profile, where it has one."""


def name_of_test(subtask: Subtask, number: int) -> str:
    """Return the name of a subtask's test, the first being number 1."""
    return subtask.tests[number - 1].id or f"{subtask.id}-test-{number}"


def shares(subtask: Subtask) -> tuple[float, ...]:
    """Return what each test earns: its own points, or its share of what the others leave.

    What a rubric earns is left for the person.
    """
    named = sum(test.points for test in subtask.tests if test.points is not None)
    open_ = sum(1 for test in subtask.tests if test.points is None)
    judged = subtask.points - sum(item.points for item in subtask.rubric)
    share = max(0.0, judged - named) / open_ if open_ else 0.0
    return tuple(share if test.points is None else test.points for test in subtask.tests)


def check_tests(profile: Profile, file: str, line: Line, log: ProblemLog) -> None:
    """Add a problem for each test that cannot be used."""
    taken = {probe.id for subtask in profile.subtasks for probe in subtask.probes if probe.id}
    for index, subtask in enumerate(profile.subtasks):
        at = ("subtasks", index)
        for number, test in enumerate(subtask.tests, start=1):
            where = line((*at, "tests", number - 1))
            name = name_of_test(subtask, number)
            if name in taken:
                log.add(file, f"A second test or probe {name}.", line=where)
            taken.add(name)
            fault = _fault(test)
            if fault is not None:
                log.add(file, f"The test {name} {fault}", line=where)
        points = [*shares(subtask), *(item.points for item in subtask.rubric)]
        if not all(math.isfinite(one) for one in points):
            log.add(file, f"Points of {subtask.id} must be finite.", line=line(at))
        elif sum(points) > subtask.points * (1 + _SLACK) + _SLACK:
            message = f"The tests and rubric of {subtask.id} earn {sum(points):g} points"
            log.add(file, f"{message}, the subtask {subtask.points:g}.", line=line(at))


def _fault(test: AuthorTest) -> str | None:
    try:
        tree = parse_module(test.source)
    except SyntaxError as error:
        return f"does not compile: {error.msg} (its line {error.lineno})."
    except (ValueError, RecursionError, MemoryError):
        return "cannot be read: it is nested too deeply."
    return None if tree.body else "holds no code."
