from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grading.errors import CasePreparationError
from grading.preparation import prepare
from grading.prepared import PreparedItems
from grading.probes import PreparedProbe
from grading.replays import cells_for, sweeps_for
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Profile, Subtask
from notebooks.kernels.records import KernelSpec
from tests.grading.builders import v
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


def content(*cells: Cell, subtasks: tuple[Subtask, ...]) -> Content:
    return Content(Profile(title="Case", subtasks=subtasks), cells)


LOAD = subtask("load", [{"expression": "x"}])
CHANGE = subtask("change", [{"expression": "x"}, {"kind": "call", "function": "f", "args": [3]}])
TWO = content(
    cell("t", "not code at all", kind="markdown"),
    cell("a", "x = 1", "load"),
    cell("n", "raise SystemError", "load", replay=False),
    cell("b", "x = x + 1\ndef f(n): return n * x", "change"),
    subtasks=(LOAD, CHANGE),
)


async def prepared(given: Content) -> tuple[PreparedProbe, ...]:
    found = await prepare(given, Interpreter(), spec=SPEC)
    return tuple(item for item in found if isinstance(item, PreparedProbe))


async def problems(given: Content) -> list[tuple[str, int | None, int | None, str]]:
    with pytest.raises(CasePreparationError) as caught:
        await prepared(given)
    return [(p.file, p.cell, p.line, p.message) for p in caught.value.problems]


async def test_expected_answers_are_those_of_each_subtasks_own_moment() -> None:
    found = await prepared(TWO)
    assert [(probe.id, probe.asked, probe.expected) for probe in found] == [
        ("load-1", "x", v(1)),
        ("change-1", "x", v(2)),
        ("change-2", "f(3)", v(6)),
    ]
    stored = PreparedItems.dump_python(found, mode="json")
    assert PreparedItems.validate_python(stored) == found


async def test_the_ideal_solution_is_replayed_here_and_as_on_another_machine() -> None:
    interpreter = Interpreter()
    await prepare(TWO, interpreter, spec=SPEC)
    [first, second] = interpreter.requests
    assert [first.hash_seed, second.hash_seed] == [0, 1]
    assert [first.elsewhere, second.elsewhere] == [False, True]
    assert first.replay_id != second.replay_id
    asked = [(question.id, question.after) for question in first.questions]
    assert asked == [("load-1", "a"), ("change-1", None), ("change-2", None)]


async def test_an_ideal_solution_that_fails_is_refused_with_cell_line_and_traceback() -> None:
    broken = content(cell("t", kind="markdown"), cell("a", "x = 1\ny = (", "load"),
                     subtasks=(LOAD,))  # fmt: skip
    [(file, number, line, message)] = await problems(broken)
    assert (file, number, line) == ("solution.ipynb", 2, 2)
    assert "SyntaxError" in message
    assert "Traceback" in message


async def test_a_probe_that_the_ideal_solution_cannot_answer_is_named() -> None:
    asked = subtask("load", [{"expression": "z", "id": "zed"}, {"expression": "x"}])
    [(file, _, _, message)] = await problems(content(cell("a", "x = 1", "load"), subtasks=(asked,)))
    assert file == "case.yaml"
    assert message.startswith("Probe `zed` (z): asking the ideal solution raises NameError")


async def test_an_answer_that_varies_from_run_to_run_is_a_problem_of_its_probe() -> None:
    varies = content(cell("a", "import random\nx = random.random()", "load"), subtasks=(LOAD,))
    [(_, _, _, message)] = await problems(varies)
    assert "another answer each time" in message


async def test_two_probes_of_one_name_are_refused() -> None:
    twice = subtask("load", [{"expression": "x", "id": "p"}, {"expression": "x", "id": "p"}])
    [(_, _, _, message)] = await problems(content(cell("a", "x = 1", "load"), subtasks=(twice,)))
    assert "Two probes are called `p`" in message


def test_a_replay_goes_down_to_the_subtasks_last_cell_without_later_subtasks() -> None:
    document = [
        cell("i", "import os"),
        cell("a", "x = 1", "one"),
        cell("c", "z = 1", "three"),
        cell("b1", "y = 1", "two"),
        cell("skip", "slow()", "two", replay=False),
        cell("b2", "y = 2", "two"),
        cell("end", "last = 1"),
    ]
    order = ["one", "two", "three"]
    assert [c.id for c in cells_for("two", document, order)] == ["i", "a", "b1", "b2"]
    assert [c.id for c in cells_for("one", document, order)] == ["i", "a"]
    assert [c.id for c in cells_for("three", document, order)] == ["i", "a", "c"]


def test_one_replay_passes_the_moment_of_every_subtask_in_document_order() -> None:
    document = [cell("i", "import os"), cell("a", "x = 1", "one"), cell("b", "y = 1", "two")]
    [sweep] = sweeps_for(document, ["one", "two"])
    assert [c.id for c in sweep.cells] == ["i", "a", "b"]
    assert sweep.moments == {"one": "a", "two": None}


def test_a_subtask_that_stands_above_an_earlier_one_has_a_replay_of_its_own() -> None:
    document = [
        cell("a", "x = 1", "one"),
        cell("c", "z = 1", "three"),
        cell("b", "y = 1", "two"),
    ]
    sweeps = sweeps_for(document, ["one", "two", "three"])
    assert [([c.id for c in sweep.cells], dict(sweep.moments)) for sweep in sweeps] == [
        (["a", "b"], {"one": "a", "two": None}),
        (["a", "c"], {"three": None}),
    ]


def test_a_subtask_before_any_code_is_not_judged_at_a_later_ones_moment() -> None:
    document = [cell("t", kind="markdown", subtask="one"), cell("a", "x = 1", "two")]
    moments = [dict(sweep.moments) for sweep in sweeps_for(document, ["one", "two"])]
    assert moments == [{"one": None}, {"two": None}]
