"""What is wrong with the probes of a profile, as far as their text alone tells."""

import re
from collections.abc import Iterator

from notebooks.cases import code
from notebooks.cases.archive import safe_name
from notebooks.cases.expressions import READY_MADE, RESULT, fault
from notebooks.cases.probes import (
    FigureProbe,
    FileProbe,
    Probe,
    PropertyProbe,
    RaisesProbe,
    StdoutProbe,
    ValueProbe,
)
from notebooks.cases.profile import Profile

_ANY_ERROR = frozenset({"Exception", "BaseException", "object"})
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_NAME = re.compile(r"[^\W\d]\w*")


def probe_faults(profile: Profile) -> Iterator[tuple[int, int, str]]:
    """Yield (index of the subtask, index of its probe, what is wrong with it)."""
    known: set[str] = set()
    for index, subtask in enumerate(profile.subtasks):
        for number, probe in enumerate(subtask.probes):
            if probe.id is not None and probe.id in known:
                yield index, number, f"A second probe {probe.id}."
            known.add(probe.id or "")
            for message in _faults(probe):
                yield index, number, message


def _faults(probe: Probe) -> Iterator[str]:
    if isinstance(probe, StdoutProbe | FigureProbe):
        return
    if isinstance(probe, FileProbe):
        if safe_name(probe.file) != probe.file:
            yield f"{probe.file!r} is no plain path of a file that the notebook writes."
        return
    if isinstance(probe, ValueProbe):
        if not code.is_expression(probe.expression):
            yield f"{probe.expression!r} is not a Python expression."
        return
    if not _FUNCTION.fullmatch(probe.function):
        yield f"{probe.function!r} is not the name of a function."
    if isinstance(probe, PropertyProbe):
        yield from _of_property(probe)
    if isinstance(probe, RaisesProbe) and probe.error in _ANY_ERROR:
        yield (
            f"`{probe.error}` is any error, so that a call which fails for another reason "
            "counts, too. Name the one that you mean, such as ValueError."
        )


def _of_property(probe: PropertyProbe) -> Iterator[str]:
    given = set(probe.given[0]) if probe.given else None
    for name in given or ():
        if not _NAME.fullmatch(name) or name == RESULT:
            yield f"{name!r} is not the name of an argument."
    for expression in probe.holds:
        why = fault(expression, given and {RESULT, *given})
        if expression not in READY_MADE and why is not None:
            yield f"`holds: {expression}`: {why}."
    if probe.where is not None and (why := fault(probe.where, given)) is not None:
        yield f"`where: {probe.where}`: {why}."
