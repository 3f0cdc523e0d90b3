import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from config.settings import Settings
from notebooks.kernels.records import (
    AskCall,
    AskValue,
    KernelSpec,
    Limits,
    Question,
    ReplayRequest,
)
from notebooks.kernels.replay.local import LocalReplayer
from notebooks.kernels.values import Bool, Float, Int, Opaque, Sequence, Str, ValueAdapter
from tests.replaying import Grader, value_of

pytestmark = pytest.mark.sandbox


@pytest.fixture(params=[0, 2], ids=["fresh", "forked"])
async def grader(
    request: pytest.FixtureRequest, sandbox_settings: Settings, environment: str
) -> AsyncIterator[Grader]:
    """Replays in fresh sandboxes, and in jails that a grading server forks."""
    servers = {"grading_server_limit": request.param}
    replayer = LocalReplayer(sandbox_settings.model_copy(update=servers))
    yield Grader(replayer, environment)
    await replayer.close()


SETUP = """
import datetime, math
import numpy as np
import pandas as pd
class Liar(float):
    def __eq__(self, other): return True
    def __repr__(self): raise SystemExit("no")
class Exploding:
    @property
    def __class__(self): raise ValueError
    def __getattr__(self, name): raise ValueError
    def __repr__(self): return "x" * 10**7
loop = []
loop.append(loop)
"""

KINDS = [
    ("None", {"t": "none"}),
    ("True", {"t": "bool", "v": True}),
    ("-(10**30)", {"t": "int", "v": "-1" + "0" * 30}),
    ("0.1 + 0.2", {"t": "float", "v": "0.30000000000000004"}),
    ("math.nan", {"t": "float", "v": "nan"}),
    ("1 - 2j", {"t": "complex", "re": "1.0", "im": "-2.0"}),
    ("'ü\\ud800'", {"t": "str", "v": "ü\\ud800"}),
    ("b'ab'", {"t": "bytes", "v": "YWI="}),
    ("(1, [2])", {"t": "tuple", "v": [
        {"t": "int", "v": "1"}, {"t": "list", "v": [{"t": "int", "v": "2"}]}
    ]}),
    ("{1}", {"t": "set", "v": [{"t": "int", "v": "1"}]}),
    ("{'a': None}", {"t": "dict", "v": [[{"t": "str", "v": "a"}, {"t": "none"}]]}),
    ("np.float32(1.5)", {"t": "scalar", "dtype": "<f4", "data": "AADAPw=="}),
    ("np.array([[1, 2]], dtype='>i2')",
     {"t": "array", "dtype": "<i2", "shape": [1, 2], "data": "AQACAA=="}),
    ("np.array(['a', None], dtype=object)", {"t": "array", "dtype": "object", "shape": [2],
     "items": [{"t": "str", "v": "a"}, {"t": "none"}]}),
    ("datetime.date(2020, 2, 3)", {"t": "date", "v": "2020-02-03"}),
    ("datetime.timedelta(seconds=-1.5)", {"t": "timedelta", "v": "-PT1.500000000S"}),
    ("pd.Timestamp('2020-01-01', tz='UTC')",
     {"t": "timestamp", "v": "2020-01-01T00:00:00.000000000+00:00", "tz": "UTC"}),
    ("pd.NaT", {"t": "nat"}),
    ("pd.NA", {"t": "na"}),
]  # fmt: skip


async def test_every_kind_of_value_comes_back_exactly(grader: Grader) -> None:
    asked = tuple(AskValue(expression=expression) for expression, _ in KINDS)
    done = await grader.replay(SETUP, ask=asked)
    assert done.outcome == "completed", done.message
    for answer, (expression, expected) in zip(done.answers, KINDS, strict=True):
        assert value_of(answer) == ValueAdapter.validate_python(expected), expression


TABLES = [
    "pd.DataFrame({'a': [1, 2], 'b': ['x', None], 3: [0.5, np.nan]}, index=[5, 7])",
    "pd.Series(pd.Categorical(['u', 'v', None], ordered=True), name='kind')",
    "pd.Series(pd.to_datetime(['2020-01-01', None]).tz_localize('Europe/Berlin'))",
    "pd.Series([1, None], dtype='Int64')",
    "pd.MultiIndex.from_tuples([(1, 'a'), (2, 'b')], names=['n', 'l'])",
    "pd.Series(pd.to_timedelta([1, 2], unit='s'))",
]


async def test_tables_survive_the_way_out_and_in_again(grader: Grader) -> None:
    first = await grader.replay(
        SETUP, ask=tuple(AskValue(expression=expression) for expression in TABLES)
    )
    asks = tuple(
        AskCall(function="same", args=(value_of(answer), Int(v=str(n))))
        for n, answer in enumerate(first.answers)
    )
    compare = (
        f"made = [{', '.join(TABLES)}]\n"
        "def same(value, n):\n"
        "    assert type(value) is type(made[n])\n"
        "    if isinstance(value, pd.DataFrame): pd.testing.assert_frame_equal(value, made[n])\n"
        "    elif isinstance(value, pd.Series): pd.testing.assert_series_equal(value, made[n])\n"
        "    else: pd.testing.assert_index_equal(value, made[n])\n"
        "    return True"
    )
    second = await grader.replay(SETUP, compare, ask=asks)
    assert [answer.failure for answer in second.answers] == [None] * len(TABLES)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("Liar(1.0)", "no exact kind"),
        ("Exploding()", "no exact kind"),
        ("loop", "too deep"),
        ("np.zeros(10_000_000)", "too large"),
        ("'x' * 20_000_000", "too large"),
        ("10 ** 100_000", "too large"),
        ("list(range(1_000_000))", "too large"),
    ],
)
async def test_what_has_no_exact_kind_or_no_room_is_opaque(
    grader: Grader, expression: str, reason: str
) -> None:
    done = await grader.replay(
        SETUP, ask=(AskValue(expression=expression), AskValue(expression="1"))
    )
    claimed = value_of(done.answers[0])
    assert isinstance(claimed, Opaque)
    assert claimed.reason == reason
    assert len(claimed.repr) <= 500
    assert value_of(done.answers[1]) == Int(v="1")


async def test_a_failing_cell_is_described_and_later_cells_still_run(grader: Grader) -> None:
    done = await grader.replay(
        "x = 1", "a = 1\nprint('before')\nb = undefined", "y = x + 1", "1 +",
        ask=(AskValue(expression="y"), AskValue(expression="b")),
    )  # fmt: skip
    assert [cell.ok for cell in done.cells] == [True, False, True, False]
    failure = done.cells[1].failure
    assert failure is not None
    assert (failure.name, failure.line) == ("NameError", 3)
    assert "b = undefined" in failure.traceback
    assert done.cells[1].stdout == "before\n"
    syntax = done.cells[3].failure
    assert syntax is not None
    assert (syntax.name, syntax.line) == ("SyntaxError", 1)
    assert value_of(done.answers[0]) == Int(v="2")
    missing = done.answers[1].failure
    assert missing is not None
    assert missing.name == "NameError"


async def test_magics_work_and_output_is_bounded(grader: Grader) -> None:
    done = await grader.replay("%time x = 5", "print('x' * 10**6)")
    assert [cell.ok for cell in done.cells] == [True, True]
    assert len(done.cells[1].stdout) == 64 * 1024


async def test_what_a_last_line_shows_can_be_asked_for_by_its_name_in_ipython(
    grader: Grader,
) -> None:
    result = await grader.replay("x = 1\nx + 40", "y = 2", ask=(AskValue(expression="_"),))
    assert value_of(result.answers[0]) == Int(v="41")


async def test_every_call_gets_its_own_arguments(grader: Grader) -> None:
    numbers = Sequence(t="list", v=(Float(v="1.0"),))
    call = AskCall(function="grow", args=(numbers,))
    source = "def grow(items):\n    items.append(2)\n    return len(items)"
    done = await grader.replay(source, ask=(call,) * 3)
    assert [value_of(answer) for answer in done.answers] == [Int(v="2")] * 3


async def test_a_loop_ends_with_the_time(grader: Grader) -> None:
    done = await grader.replay("x = 1", "while True: pass", "y = 1", wall_seconds=5)
    assert done.outcome == "timeout"
    assert [cell.id for cell in done.cells] == ["c0"]
    assert "5 seconds" in done.message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os._exit(0)", "exit code 0"),
        ("import os; os.kill(os.getpid(), 9)", "killed"),
        ("x = []\nwhile True: x.append(bytearray(10_000_000))", "memory"),
    ],
)
async def test_a_death_is_noticed_and_told(grader: Grader, source: str, message: str) -> None:
    done = await grader.replay(
        "x = 1", source, ask=(AskValue(expression="x"),), limits=Limits(memory_bytes=256 * 1024**2)
    )
    if done.outcome == "completed":
        failure = done.cells[1].failure
        assert failure is not None
        assert failure.name == "MemoryError"
        return
    assert done.outcome == "died"
    assert message in done.message
    assert done.answers == ()


FORGE = """
import os, json
line = json.dumps({{"n": "{word}", "value": {{"t": "int", "v": "42"}}}}) + "\\n"
for descriptor in range(3, 20):
    try:
        os.write(descriptor, line.encode())
    except OSError:
        pass
"""


@pytest.mark.parametrize("source", [FORGE.format(word=""), FORGE.format(word="abc")])
async def test_answers_written_in_advance_are_noticed(grader: Grader, source: str) -> None:
    done = await grader.replay(source, ask=(AskValue(expression="1"),))
    assert done.outcome == "protocol"
    assert done.answers == ()


async def test_a_copy_of_the_process_does_not_answer_twice(grader: Grader) -> None:
    done = await grader.replay("import os\npid = os.fork()", ask=(AskValue(expression="pid > 0"),))
    assert done.outcome == "completed"
    assert len(done.answers) == 1


async def test_questions_are_not_in_the_sandbox_before_they_are_asked(grader: Grader) -> None:
    spy = (
        "import gc\n"
        "secret = 'hidden_' + 'argument'\n"
        "seen = [s for s in gc.get_objects() if type(s) is str and secret in s]\n"
        "import os\n"
        "args = open('/proc/self/cmdline').read() + open('/proc/1/cmdline').read()"
    )
    call = AskCall(function="len", args=(Str(v="hidden_argument"),))
    done = await grader.replay(
        spy, ask=(AskValue(expression="seen"), AskValue(expression="secret in args"), call)
    )
    assert value_of(done.answers[0]) == Sequence(t="list", v=())
    assert value_of(done.answers[1]) == ValueAdapter.validate_python({"t": "bool", "v": False})
    assert value_of(done.answers[2]) == Int(v="15")


async def test_a_question_after_a_cell_sees_that_moment_and_changes_nothing_later(
    grader: Grader,
) -> None:
    done = await grader.replay(
        "x = [1]",
        "x.append(2)",
        "y = list(x)",
        ask=(
            AskValue(expression="x.append('asked')"),
            AskValue(expression="len(x)"),
            AskValue(expression="x == y == [1, 2]"),
        ),
        after={0: "c0", 1: "c0"},
    )
    assert done.outcome == "completed", done.message
    assert [cell.ok for cell in done.cells] == [True] * 3
    found = {answer.question_id: answer.value for answer in done.answers}
    assert found["q1"] == Int(v="2")
    assert found["q2"] == Bool(v=True)


async def test_a_copy_draws_the_same_random_numbers(grader: Grader) -> None:
    done = await grader.replay(
        "import random\nrandom.seed(7)",
        "y = random.random()",
        ask=(AskValue(expression="random.random()"), AskValue(expression="y")),
        after={0: "c0"},
    )
    assert value_of(done.answers[0]) == value_of(done.answers[1])


THREAD = """
import threading
ended = threading.Event()
threading.Thread(target=ended.wait, daemon=True).start()
x = 1
"""


async def test_where_no_copy_can_be_made_a_replay_of_its_own_answers(grader: Grader) -> None:
    asked = tuple(AskValue(expression=text) for text in ("x", "ended.set()", "(x, ended.is_set())"))
    done = await grader.replay(THREAD, "x = 2", ask=asked, after={0: "c0", 1: "c0"})
    assert done.outcome == "completed", done.message
    assert [cell.id for cell in done.cells] == ["c0", "c1"]
    found = {answer.question_id: answer.value for answer in done.answers}
    assert found["q0"] == Int(v="1")
    assert found["q2"] == Sequence(t="tuple", v=(Int(v="2"), Bool(v=False)))


@pytest.mark.parametrize("code", [0, 3])
async def test_a_copy_that_dies_ends_the_replay(grader: Grader, code: int) -> None:
    die = AskValue(expression=f"__import__('os')._exit({code})")
    done = await grader.replay("x = 1", "y = 2", ask=(die,), after={0: "c0"})
    assert done.outcome == "died"
    assert [cell.id for cell in done.cells] == ["c0"]
    assert done.answers == ()


async def test_the_order_of_a_set_hangs_on_the_hash_seed(grader: Grader) -> None:
    ask = (AskValue(expression="list(set('abcdefghij'))"),)
    first, second = [await grader.replay("", ask=ask, hash_seed=seed) for seed in (0, 1)]
    assert value_of(first.answers[0]) != value_of(second.answers[0])


BLAS = """
import ctypes, glob, os
import numpy as np
np.ones((2, 2)) @ np.ones((2, 2))
def blas(name):
    [path] = {line.split()[-1] for line in open("/proc/self/maps") if "openblas" in line}
    library = ctypes.CDLL(path)
    [symbol] = [n for n in ("scipy_" + name + "64_", name + "64_", name) if hasattr(library, n)]
    return getattr(library, symbol)
core = blas("openblas_get_corename")
core.restype = ctypes.c_char_p
"""


async def test_elsewhere_libraries_calculate_as_on_another_machine(grader: Grader) -> None:
    ask = (
        AskValue(expression="core().decode()"),
        AskValue(expression="blas('openblas_get_num_threads')()"),
    )
    here, there = [await grader.replay(BLAS, ask=ask, elsewhere=away) for away in (False, True)]
    assert value_of(here.answers[1]) == Int(v="1")
    assert value_of(there.answers[1]) == Int(v="2")
    assert value_of(here.answers[0]) != value_of(there.answers[0])


def test_a_question_after_an_unknown_cell_is_refused() -> None:
    question = Question(id="q", ask=AskValue(expression="x"), after="nowhere")
    with pytest.raises(ValidationError, match="nowhere"):
        ReplayRequest(
            replay_id="r", spec=KernelSpec(environment="e"), cells=(), questions=(question,)
        )


async def test_two_replays_at_once_do_not_meet(grader: Grader) -> None:
    both = await asyncio.gather(
        *(grader.replay(f"x = {n}", ask=(AskValue(expression="x"),)) for n in range(2))
    )
    assert [value_of(done.answers[0]) for done in both] == [Int(v="0"), Int(v="1")]
