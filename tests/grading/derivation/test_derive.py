from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grading.checks.records import Agrees
from grading.derivation.derive import choose, derive
from grading.derivation.names import answerable, columns_that_decide
from grading.derivation.recording import recorded
from grading.preparation import prepare
from grading.probes import PreparedProbe
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


def text(source: str, subtask_id: str) -> Cell:
    return cell(f"text-{subtask_id}", source, subtask_id, kind="markdown")


async def derived(*cells: Cell, subtasks: tuple[Subtask, ...]) -> dict[str, PreparedProbe]:
    content = Content(Profile(title="Case", subtasks=subtasks), cells)
    interpreter = Interpreter()
    drafts = await derive(content, interpreter, spec=SPEC, subtasks=subtasks)
    probes = await prepare(
        content, interpreter, spec=SPEC, derived=[draft.probe for draft in drafts]
    )
    kept = choose(drafts, probes)
    return {probe.asked: probe for probe in kept if isinstance(probe, PreparedProbe)}


ONE = subtask("one")
TWO = subtask("two")


async def test_names_that_the_text_or_later_cells_mention_are_asked_and_scratch_is_not() -> None:
    found = await derived(
        text("Store the sum in `total`.", "one"),
        cell("a", "scratch = [1, 2]\nkept = 5\ntotal = sum(scratch)", "one"),
        cell("b", "answer = kept + 1", "two"),
        subtasks=(ONE, TWO),
    )
    assert {name: probe.subtask for name, probe in found.items()} == {
        "total": "one",
        "kept": "one",
        "answer": "two",
    }
    assert all(probe.origin == "derived" and probe.on_interface for probe in found.values())


async def test_a_function_is_asked_with_the_arguments_that_the_ideal_gives_it() -> None:
    found = await derived(
        cell("a", "def double(n):\n    return 2 * n\n\nshown = double(21)", "one"),
        cell("b", "later = [double(k) for k in (3, 4)]", "two"),
        subtasks=(ONE, TWO),
    )
    assert {"double(21)", "double(3)", "double(4)"} <= set(found)


async def test_calls_from_inside_of_a_function_are_not_recorded() -> None:
    source = "def f(n, seen=()):\n    return n if n < 2 else f(n - 1, (n,))\n\nx = f(4)"
    found = await derived(cell("a", source, "one"), subtasks=(ONE,))
    assert "f(4)" in found
    assert not any("(3, (4" in asked for asked in found)


async def test_a_value_that_varies_from_run_to_run_is_not_asked() -> None:
    found = await derived(
        cell("a", "import random\nluck = random.random()\nsure = 1\nboth = (luck, sure)", "one"),
        text("Name them `luck` and `sure`.", "one"),
        subtasks=(ONE,),
    )
    assert "sure" in found
    assert "luck" not in found


@pytest.mark.parametrize(("source", "asked"), [("1 + 1", ["_"]), ("x = 1\n1 + x", ["x"])])
async def test_what_is_shown_is_asked_for_only_where_nothing_else_is(
    source: str, asked: list[str]
) -> None:
    content = Content(Profile(title="Case", subtasks=(ONE,)), (cell("a", source, "one"),))
    drafts = await derive(content, Interpreter(), spec=SPEC, subtasks=(ONE,))
    assert [draft.probe.asked for draft in drafts] == asked


async def test_a_solution_that_fails_leaves_the_complaint_to_the_preparation() -> None:
    content = Content(Profile(title="Case", subtasks=(ONE,)), (cell("a", "1 / 0", "one"),))
    drafts = await derive(content, Interpreter(), spec=SPEC, subtasks=(ONE,))
    assert [draft for draft in drafts if draft.candidate is not None] == []


def test_what_a_last_line_shows_is_part_of_the_answer_unless_it_is_printed_or_named() -> None:
    def shows(source: str) -> bool:
        return answerable(ONE, [cell("a", source, "one"), cell("b", "x", "two")]).shows

    assert shows("x = 1\nx + 1")
    assert not shows("x = 1\nx")
    assert not shows("x = 1\nprint(x)")
    assert not shows("x = 1")


def test_a_scratch_column_of_the_ideal_does_not_decide() -> None:
    cells = [
        text("Add the column `age_group`.", "one"),
        cell("a", "df['tmp'] = 1\ndf['age_group'] = df['tmp']\ndf['used'] = 2", "one"),
        cell("b", "df['used'].sum()", "two"),
    ]
    columns = ("age", "tmp", "age_group", "used")
    decides = columns_that_decide("df", columns, answerable(ONE, cells), cells)
    assert decides == ("age", "age_group", "used")


@pytest.mark.parametrize("source", ["def f(x): return x\ny = f(1)", "%time x = 1\ndef f(): pass\n"])
def test_recorders_stand_behind_the_definitions_and_move_nothing_else(source: str) -> None:
    [_, made] = recorded([cell("a", source, "one")])
    kept = [line for line in made.source.split("\n") if "_casebook" not in line]
    assert "\n".join(kept) == source


def test_a_notebook_without_functions_is_left_as_it_is() -> None:
    cells = (cell("a", "x = 1", "one"),)
    assert recorded(cells) == cells


MEAN = """
def mean(values):
    return round(sum(values) / len(values), 2) if values else None

share = mean([1, 2, 4])
"""


async def test_what_an_author_answers_changes_what_is_asked_and_how_it_is_compared() -> None:
    answers = [
        {"of": "mean.values", "may_be_empty": True},
        {"of": "mean", "decimals": 2},
        {"of": "share", "decimals": 2},
        {"of": "names", "row_order": False},
    ]
    cells = (
        text("Write `mean(values)`; store `share` and `names`.", "one"),
        cell("a", MEAN + "names = ['b', 'a']", "one"),
    )
    plain = await derived(*cells, subtasks=(ONE,))
    found = await derived(*cells, subtasks=(subtask("one", answers=answers),))
    assert "mean([])" in set(found) - set(plain)
    assert found["mean([])"].tolerance.absolute == pytest.approx(0.005, rel=1e-3)
    assert found["share"].tolerance.absolute == pytest.approx(0.005, rel=1e-3)
    assert found["names"].check == Agrees(row_order=False)
    assert plain["names"].check == Agrees()
