from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grading.derivation.derive import choose, derive
from grading.mutation.mutants import mutants
from grading.mutation.report import sentences, strength
from grading.mutation.trial import Change, Trial, Tried
from grading.preparation import prepare
from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Profile, Subtask
from notebooks.kernels.records import KernelSpec
from tests.grading.factories import Interpreter, cell, subtask

SPEC = KernelSpec(environment="env")


@dataclass(frozen=True)
class Content:
    profile: Profile
    solution: tuple[Cell, ...]
    solution_file: str = "solution.ipynb"
    hidden: Mapping[str, Path] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, int]:
        return {cell.id: number for number, cell in enumerate(self.solution, start=1)}


async def tried(*cells: Cell, subtasks: tuple[Subtask, ...]) -> tuple[Tried, ...]:
    content = Content(Profile(title="Case", subtasks=subtasks), cells)
    interpreter = Interpreter()
    drafts = await derive(content, interpreter, spec=SPEC, subtasks=subtasks)
    opened = [draft.probe for draft in drafts] if not subtasks[0].probes else []
    probes = choose(drafts, await prepare(content, interpreter, spec=SPEC, derived=opened))
    trial = Trial(content, probes, interpreter, SPEC)
    return await trial.run(mutants(cells), jobs=2)


async def test_mistakes_in_what_is_asked_are_caught() -> None:
    found = await tried(cell("a", "total = 2 + 3", "one"), subtasks=(subtask("one"),))
    assert {one.verdict for one in found} == {Verdict.NEEDS_WORK}
    counted = strength(found)
    assert counted.caught == counted.planted == len(found)
    assert "strong case" in next(sentences(counted))


async def test_mistakes_that_no_question_touches_are_named() -> None:
    asked = subtask("one", [{"expression": "a"}])
    found = await tried(cell("a", "a = 1\nb = 5", "one"), subtasks=(asked,))
    counted = strength(found)
    assert [one.mutant.becomes for one in counted.missed] == ["b = 6", "b = 4"]
    assert any("`b = 5` became `b = 6`" in line for line in sentences(counted))


async def test_a_change_that_makes_no_difference_counts_for_nothing() -> None:
    asked = subtask("one", [{"expression": "a"}])
    found = await tried(cell("a", "a = 3 * 1", "one"), subtasks=(asked,))
    same = [one for one in found if one.mutant.becomes == "a = 3 / 1"]
    assert [one.changes for one in same] == [Change.NOTHING]
    assert strength(same).planted == 0


async def test_what_a_cell_only_shows_is_told_apart_from_what_is_asked() -> None:
    asked = subtask("one", [{"expression": "a"}])
    found = await tried(cell("a", "a = 4\nprint(a * 10)", "one"), subtasks=(asked,))
    counted = strength(found)
    assert counted.caught == counted.planted > 0
    assert {one.mutant.was for one in counted.shown} == {"print(a * 10)"}
    told = list(sentences(counted))
    assert any(line.startswith(f"{len(counted.shown)} more changed only what") for line in told)


async def test_what_a_cell_shows_counts_where_a_question_asks_for_it() -> None:
    asked = subtask("one", [{"kind": "stdout"}])
    found = await tried(cell("a", "a = 4\nprint(a)", "one"), subtasks=(asked,))
    assert strength(found).shown == ()
