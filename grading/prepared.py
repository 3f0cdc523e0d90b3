"""All that is asked about a case, probes and tests alike, with what is known of the answers."""

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from grading.author_tests.records import OpenTest, PreparedTest
from grading.author_tests.settling import open_tests
from grading.probes import OpenProbe, PreparedProbe, probes_of
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Profile

Open = OpenProbe | OpenTest
Prepared = PreparedProbe | PreparedTest
PreparedItems = TypeAdapter(tuple[Prepared, ...])


def open_items(
    profile: Profile, solution: Sequence[Cell], hidden: Mapping[str, bytes]
) -> tuple[Open, ...]:
    """Return everything that a case asks, subtask by subtask, its probes before its tests.

    `hidden` are the files with right answers that probes name.

    Raises:
        ProbeError: a probe cannot be asked.
    """
    every: list[Open] = [*probes_of(profile.subtasks, hidden), *open_tests(profile, solution)]
    order = {subtask.id: place for place, subtask in enumerate(profile.subtasks)}
    return tuple(sorted(every, key=lambda item: order[item.subtask]))
