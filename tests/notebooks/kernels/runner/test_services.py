"""Completion, inspection and variables of real kernels: quick, harmless, out of the way of runs."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import pytest

from notebooks.kernels.records import Finished
from notebooks.kernels.runner.answers import read_completion, read_inspection, read_variables
from notebooks.kernels.runner.kernels import Kernel, Kernels
from tests.sandboxes import Student, ran

pytestmark = pytest.mark.sandbox

BUDGET = 0.3
SLOW = """
class Slow:
    def __dir__(self):
        import time; time.sleep(60); return []
slow = Slow()
"""
STUBBORN = """
class Stubborn:
    def __dir__(self):
        end = time.time() + 6
        while time.time() < end:
            try: time.sleep(6)
            except KeyboardInterrupt: pass
        return []
import time
stubborn = Stubborn()
"""


def place(code: str) -> dict[str, Any]:
    return {"code": code, "cursor_pos": len(code)}


async def patiently(kernel: Kernel, kind: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask until there is an answer: a busy machine may miss the budget, and none is promised."""
    for _ in range(50):
        found = await kernel.ask(kind, content, 5)
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the kernel answered nothing")


async def variables(kernel: Kernel) -> dict[str, tuple[str, str, str]]:
    for _ in range(50):
        found = read_variables(await kernel.variables(5))
        if found.variables:
            return {one.name: (one.type, one.size, one.preview) for one in found.variables}
        await asyncio.sleep(0.05)
    raise AssertionError("the kernel listed nothing")


async def started(kernels: Kernels, environment: str, source: str) -> tuple[Student, Kernel]:
    student = Student(kernels, environment)
    assert (await student.run(source)).finished.outcome == "ok"
    return student, kernels.get(student.attempt_id)


async def test_names_and_attributes_are_completed_and_described(
    kernels: Kernels, environment: str
) -> None:
    source = "import pandas\nsome_long_name = pandas.DataFrame({'ash': [1]})"
    student, kernel = await started(kernels, environment, source)
    names = await patiently(kernel, "complete_request", place("some_lo"))
    assert "some_long_name" in names["matches"]
    columns = await patiently(kernel, "complete_request", place("some_long_name.as"))
    assert any("ash" in match for match in columns["matches"])
    text = await patiently(kernel, "inspect_request", place("pandas.merge"))
    assert "left" in text["data"]["text/plain"]
    assert (await student.run("some_long_name.shape")).result == "(1, 1)"


async def test_tables_are_listed_by_their_shape_and_columns(
    kernels: Kernels, environment: str
) -> None:
    _, kernel = await started(
        kernels,
        environment,
        "import numpy, pandas\n"
        "frame = pandas.DataFrame({name: [1, 2, 3] for name in ('ash', 'hue')})\n"
        "series = frame['hue']; index = frame.index; typed = series.astype('category')\n"
        "array = numpy.zeros((2, 3)); text = 'wine'\n"
        "class Mine:\n    def __repr__(self): raise SystemExit\n"
        "odd = pandas.DataFrame([[1]], columns=[Mine()]); mine = Mine()",
    )
    told = await variables(kernel)
    assert told == {
        "frame": ("DataFrame", "3 \u00d7 2", "ash, hue"),
        "series": ("Series", "3", "int64 [1, 2, 3]"),
        "index": ("RangeIndex", "3", ""),
        "typed": ("Series", "3", ""),
        "array": ("ndarray", "2 \u00d7 3", "float64 [0.0, 0.0, 0.0, 0.0, 0.0, …]"),
        "text": ("str", "4", "'wine'"),
        "Mine": ("type", "", ""),
        "odd": ("DataFrame", "1 \u00d7 1", "<Mine>"),
        "mine": ("Mine", "", ""),
    }


async def test_questions_leave_no_trace_in_the_notebook(kernels: Kernels, environment: str) -> None:
    student, kernel = await started(kernels, environment, "x = 1\nx")
    for _ in range(3):
        await variables(kernel)
        await patiently(kernel, "complete_request", place("x"))
        await patiently(kernel, "inspect_request", place("x"))
    after = await student.run("(_, len(In), sorted(n for n in dir() if not n.startswith('_')))")
    assert after.finished.execution_count == 2
    assert after.result == "(1, 3, ['In', 'Out', 'exit', 'get_ipython', 'open', 'quit', 'x'])"


async def test_a_busy_kernel_is_not_asked(kernels: Kernels, environment: str) -> None:
    student, kernel = await started(kernels, environment, "x = 1")
    run = student.begin("import time; time.sleep(2); print('done')")
    began = time.monotonic()
    assert await kernel.ask("complete_request", place("x"), 5) == {}
    assert await kernel.variables(5) == {}
    assert time.monotonic() - began < 1
    assert (await ran(run)).text == "done\n"


async def test_a_slow_answer_is_not_waited_for_nor_taken_for_the_next_one(
    kernels: Kernels, environment: str
) -> None:
    source = (
        "class Slow:\n    def __dir__(self):\n        import time; time.sleep(1); return ['a']\n"
    )
    _, kernel = await started(kernels, environment, f"{source}slow = Slow(); other = 1")
    began = time.monotonic()
    assert await kernel.ask("complete_request", place("slow."), BUDGET) == {}
    assert time.monotonic() - began < 0.9
    assert await kernel.ask("complete_request", place("othe"), BUDGET) == {}
    found = await patiently(kernel, "complete_request", place("othe"))
    assert "other" in found["matches"]
    assert kernel.state == "idle"


async def test_a_run_does_not_wait_for_a_completer_that_hangs(
    kernels: Kernels, environment: str
) -> None:
    student, kernel = await started(kernels, environment, SLOW)
    for turn in range(5):
        assert await kernel.ask("complete_request", place("slow."), 0.05) == {}
        began = time.monotonic()
        result = await student.run(f"total = 0\nfor n in range(300_000): total += n\n{turn}")
        assert result.finished.outcome == "ok", result.outputs
        assert result.result == str(turn)
        assert time.monotonic() - began < 10
    assert "slow" in (await patiently(kernel, "complete_request", place("slo")))["matches"]


async def test_a_completer_that_will_not_be_interrupted_delays_only_its_own_kernel(
    kernels: Kernels, environment: str
) -> None:
    student, kernel = await started(kernels, environment, STUBBORN)
    neighbour, _ = await started(kernels, environment, "1")
    assert await kernel.ask("complete_request", place("stubborn."), 0.05) == {}
    run = student.begin("'after all'")
    assert (await neighbour.run("'meanwhile'")).result == "'meanwhile'"
    assert (await ran(run)).result == "'after all'"


async def test_answers_of_many_who_ask_at_once_are_their_own_or_empty(
    kernels: Kernels, environment: str
) -> None:
    names = [f"variable_{number}_of_mine" for number in range(10)]
    student, kernel = await started(kernels, environment, " = ".join(names) + " = 1")

    async def ask(name: str) -> int:
        answered = 0
        for _ in range(10):
            found = await kernel.ask("complete_request", place(name[:-3]), BUDGET)
            assert found.get("matches", [name]) == [name]
            answered += bool(found)
        return answered

    async def work() -> None:
        for number in range(10):
            assert (await student.run(f"{number}")).result == str(number)

    answered, *_ = await asyncio.gather(asyncio.gather(*map(ask, names)), work())
    assert sum(answered) > 0
    assert len(await variables(kernel)) == 10


GARBAGE = """
import threading, zmq
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance().kernel
def forged(stream, ident, parent):
    def send(content, kind='complete_reply'):
        kernel.session.send(stream, kind, content, parent, ident)
    for number in range(500):
        kernel.session.send(stream, 'complete_reply', {'matches': ['other']},
                            {'header': {'msg_id': 'x'}}, ident)
    send(WHAT)
kernel.shell_handlers['complete_request'] = forged
def listed(stream, ident, parent):
    kernel.session.send(stream, 'casebook_variables_reply', WHAT, parent, ident=ident)
kernel.control_handlers['casebook_variables_request'] = listed
"""


@pytest.mark.parametrize(
    "what",
    [
        "[]", "7", "{}", "{'matches': 7}", "{'matches': ['a'] * 10**6, 'cursor_start': 0}",
        "{'variables': 7}", "{'variables': [7, {}, {'name': 1, 'type': []}], 'omitted': 'x'}",
        "{'variables': [{'name': 'n' * 10**6, 'type': 't', 'size': 7, 'preview': None}]}",
    ],
)  # fmt: skip
async def test_garbage_for_an_answer_does_no_harm(
    kernels: Kernels, environment: str, what: str
) -> None:
    student, kernel = await started(kernels, environment, GARBAGE.replace("WHAT", what))
    found = await kernel.ask("complete_request", place("x"), BUDGET)
    assert found.get("matches") != ["other"]
    assert len(read_completion(found).matches) <= 200
    assert read_inspection(found).text == ""
    listed = read_variables(await kernel.variables(BUDGET))
    assert sum(len(one.name) + len(one.type) for one in listed.variables) < 1000
    assert (await student.run("6 * 7")).result == "42"


async def test_a_kernel_that_reads_nothing_any_more_keeps_nobody_else_waiting(
    kernels: Kernels, environment: str
) -> None:
    student, kernel = await started(kernels, environment, "import os, signal, threading")
    neighbour, other = await started(kernels, environment, "x = 1")
    await student.run("threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGSTOP)).start()")
    await asyncio.sleep(0.5)
    began = time.monotonic()
    for _ in range(3):
        assert await kernel.variables(BUDGET) == {}
        assert await kernel.ask("complete_request", place("x"), BUDGET) == {}
    assert time.monotonic() - began < 3
    assert "x" in await variables(other)
    assert (await neighbour.run("x")).result == "1"
    run = student.begin("1")
    run.stop()
    assert isinstance((await ran(run)).finished, Finished)
