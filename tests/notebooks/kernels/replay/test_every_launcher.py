"""Replays in whatever keeps the sandboxes: the same child, the same dialogue."""

from uuid import uuid4

import pytest

from notebooks.kernels.records import (
    MAX_FILE_BYTES,
    AskCall,
    AskFile,
    AskValue,
    KernelSpec,
    Limits,
    Question,
    ReplayCell,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.values import Bytes, Int
from tests.engines import docker_engine, every_launcher, podman_engine

__all__ = ["docker_engine", "every_launcher", "podman_engine"]

_LIMITS = Limits(memory_bytes=512 * 1024**2)


async def replay(
    launcher: Launcher,
    environment: str,
    *sources: str,
    questions: tuple[Question, ...] = (),
    wall_seconds: float = 60,
) -> ReplayResult:
    request = ReplayRequest(
        replay_id=uuid4().hex,
        spec=KernelSpec(environment=environment, limits=_LIMITS),
        cells=tuple(ReplayCell(id=f"c{n}", source=text) for n, text in enumerate(sources)),
        questions=questions,
        wall_seconds=wall_seconds,
    )
    return await SandboxReplayer(launcher).replay(request)


async def test_cells_run_in_order_and_questions_are_answered(
    every_launcher: Launcher, environment: str
) -> None:
    result = await replay(
        every_launcher,
        environment,
        "x = 20\nprint('hello')",
        "def double(n):\n    return 2 * n",
        "x = double(x) + 1\n1 / 0",
        questions=(
            Question(id="early", ask=AskValue(expression="x"), after="c0"),
            Question(id="late", ask=AskValue(expression="x")),
            Question(id="call", ask=AskCall(function="double", args=(Int(v="21"),))),
        ),
    )
    assert result.outcome == "completed", result.message
    assert [cell.ok for cell in result.cells] == [True, True, False]
    assert result.cells[0].stdout == "hello\n"
    answers = {answer.question_id: answer.value for answer in result.answers}
    assert answers == {"early": Int(v="20"), "late": Int(v="41"), "call": Int(v="42")}


async def test_a_table_of_some_megabytes_comes_back_whole(
    every_launcher: Launcher, environment: str
) -> None:
    result = await replay(
        every_launcher,
        environment,
        "import numpy as np\na = np.arange(400_000, dtype='int64')",
        questions=(Question(id="a", ask=AskValue(expression="a")),),
    )
    assert result.outcome == "completed", result.message
    assert result.answers[0].value is not None
    assert result.answers[0].value.t == "array"


async def test_files_that_cells_write_are_told_as_they_are_at_that_moment(
    every_launcher: Launcher, environment: str
) -> None:
    result = await replay(
        every_launcher,
        environment,
        "import os\nopen('a.csv', 'w').write('one')",
        "os.mkdir('b')\nos.chdir('b')\nopen('../a.csv', 'w').write('two')",
        "os.symlink('/etc/passwd', 'link')\nos.mkfifo('pipe')",
        questions=(
            Question(id="early", ask=AskFile(path="a.csv"), after="c0"),
            Question(id="late", ask=AskFile(path="a.csv")),
            Question(id="large", ask=AskFile(path="a.csv", max_bytes=2)),
            Question(id="absent", ask=AskFile(path="c.csv")),
            Question(id="link", ask=AskFile(path="b/link")),
            Question(id="pipe", ask=AskFile(path="b/pipe")),
        ),
    )
    assert result.outcome == "completed", result.message
    values = {answer.question_id: answer.value for answer in result.answers}
    assert (values["early"], values["late"]) == (Bytes(v="b25l"), Bytes(v="dHdv"))
    failures = {one.question_id: one.failure.name for one in result.answers if one.failure}
    assert failures == {
        "large": "OverflowError", "absent": "FileNotFoundError", "link": "OSError",
        "pipe": "OSError",
    }  # fmt: skip


async def test_a_file_of_five_megabytes_comes_back_whole(
    every_launcher: Launcher, environment: str
) -> None:
    source = f"open('a', 'wb').write(bytes({MAX_FILE_BYTES}))"
    asked = Question(id="a", ask=AskFile(path="a"))
    result = await replay(every_launcher, environment, source, questions=(asked,))
    assert result.outcome == "completed", result.message
    [answer] = result.answers
    assert isinstance(answer.value, Bytes)
    assert len(answer.value.v) > MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("source", "outcome", "word"),
    [
        ("while True: pass", "timeout", "longer than 3 seconds"),
        ("import os; os._exit(3)", "died", "exit code 3"),
        ("x = []\nwhile True: x.append(bytearray(10_000_000))", "died", "0.5 GB of memory"),
    ],
)
async def test_a_replay_that_goes_wrong_says_how(
    every_launcher: Launcher, environment: str, source: str, outcome: str, word: str
) -> None:
    result = await replay(
        every_launcher, environment, source, wall_seconds=3 if outcome == "timeout" else 60
    )
    assert (result.outcome, word in result.message) == (outcome, True), result.message
