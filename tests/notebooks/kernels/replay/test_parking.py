"""Replays that go on where an earlier one has waited, and what must never come along."""

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from notebooks.kernels.records import AskValue, Limits, ReplayResult
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher
from notebooks.kernels.values import Int
from tests.replaying import Grader, value_of

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into jails closely enough"),
]

FIRST, LAST = "import random\nrandom.seed(3)\nx = [1]", "x.append(random.random())"


@pytest.fixture
async def grader(launcher: BwrapLauncher, environment: str) -> AsyncIterator[Grader]:
    replayer = SandboxReplayer(launcher, servers=1)
    yield Grader(replayer, environment)
    await replayer.close()
    if launcher.hierarchy is not None:
        assert list(launcher.hierarchy.leftovers()) == []


async def validate(
    grader: Grader, key: str, *cells: str, ask: str = "1", limits: Limits | None = None
) -> ReplayResult:
    """Replay cells of which each ends a subtask, in a jail."""
    done = await grader.replay(
        *cells,
        ask=(AskValue(expression=ask),),
        checkpoints=tuple(f"c{n}" for n in range(len(cells)))[-4:],
        reuse_key=key,
        limits=limits,
    )
    assert done.note == ""
    return done


async def test_a_replay_goes_on_after_the_cells_that_begin_alike(grader: Grader) -> None:
    key = uuid4().hex
    first = await validate(grader, key, FIRST, LAST, ask="x")
    again = await validate(grader, key, FIRST, LAST, ask="x")
    other = await validate(grader, key, FIRST, "print(x)\ny = x + [2]", ask="(x, y, 'x' in dir())")
    back = await validate(grader, key, FIRST, LAST, "z = 1", ask="x")
    results = (first, again, other, back)
    assert [done.outcome for done in results] == ["completed"] * 4, results
    assert [done.reused_cells for done in results] == [0, 2, 1, 1]
    assert value_of(first.answers[0]) == value_of(again.answers[0]) == value_of(back.answers[0])
    assert [cell.id for cell in other.cells] == ["c0", "c1"]
    assert other.cells[1].stdout == "[1]\n"


async def test_five_subtasks_reuse_all_but_the_last_over_and_over(grader: Grader) -> None:
    key, cells = uuid4().hex, [f"v{n} = {n}" for n in range(4)]
    assert (await validate(grader, key, *cells, "last = 0")).reused_cells == 0
    for number in range(1, 5):
        done = await validate(grader, key, *cells, f"last = {number}", ask="v0 + v3 + last")
        assert done.reused_cells == 4
        assert value_of(done.answers[0]) == Int(v=str(3 + number))


@pytest.mark.parametrize("change", ["key", "source", "limits"])
async def test_nothing_is_shared_with_other_work(grader: Grader, change: str) -> None:
    key = uuid4().hex
    await validate(grader, key, FIRST, LAST)
    done = await validate(
        grader,
        uuid4().hex if change == "key" else key,
        FIRST + ("\n" if change == "source" else ""),
        LAST,
        limits=Limits(processes=63) if change == "limits" else None,
    )
    assert done.reused_cells == 0


async def test_a_failed_cell_comes_along_as_it_was(grader: Grader) -> None:
    key = uuid4().hex
    results = [await validate(grader, key, "a = 1\n1 / 0", "b = 2", ask="a + b") for _ in range(2)]
    assert [done.reused_cells for done in results] == [0, 2]
    assert results[0].cells == results[1].cells
    assert results[1].cells[0].failure is not None


LEAKS = {
    "thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "file": "open('/dev/shm/note', 'w').write('x')",
    "process": "import subprocess\np = subprocess.Popen(['/usr/bin/sleep', '60'])",
    "pipe": "import os\nends = os.pipe()",
    "socket": "import socket\nends = socket.socketpair()",
    "shared memory": "import mmap\nshared = mmap.mmap(-1, 4096)",
    "memory file": (
        "import os, mmap\nfd = os.memfd_create('x')\nos.ftruncate(fd, 4096)\n"
        "seen = mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE)\nos.close(fd)"
    ),
    "dumpable": "import ctypes\nctypes.CDLL(None).prctl(4, 1, 0, 0, 0)",
    "subreaper": "import ctypes\nctypes.CDLL(None).prctl(36, 1, 0, 0, 0)",
    "timer": (
        "import os, signal\n"
        "os.register_at_fork(after_in_child=lambda: signal.setitimer(signal.ITIMER_REAL, .2))\n"
        "signal.signal(signal.SIGALRM, lambda *_: None)"
    ),
    "big": "block = bytearray(300_000_000)",
}


@pytest.mark.slow
@pytest.mark.parametrize("leak", LEAKS)
async def test_what_could_carry_a_note_is_never_taken_up(grader: Grader, leak: str) -> None:
    key = uuid4().hex
    wait = "__import__('time').sleep(.5)"
    for _ in range(2):
        done = await validate(grader, key, LEAKS[leak], LAST.replace("random.", ""), ask=wait)
        assert (done.outcome, done.reused_cells) == ("completed", 0), done.message


HIDDEN = "'hidden question'"
SIGNALS = """
import os, signal
signal.signal(10, lambda *_: None)
def others():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]
"""
NOTES = {
    "file": "open('/tmp/note', 'w').write('x')",
    "touched folder": "__import__('os').utime('/tmp', (7, 7))",
    "file that is gone": "[open('/home/student/n', 'w'), __import__('os').remove('n')]",
    "mode of the terminals": "__import__('os').chmod('/dev/pts/ptmx', 0o600)",
    "process ids": "__import__('subprocess').run(['/usr/bin/true'])",
    "network": "__import__('socket').socket(2, 2).sendto(b'x', ('127.0.0.1', 9))",
    "signal": "[__import__('os').kill(p, 10) for p in range(3, 9) if p in others()]",
    "child": "__import__('os').fork() or __import__('time').sleep(30)",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("note", NOTES)
async def test_a_note_that_a_question_leaves_reaches_no_later_replay(
    grader: Grader, note: str
) -> None:
    key, cell = uuid4().hex, SIGNALS
    await validate(grader, key, cell, "a = 1", ask=f"({HIDDEN}, {NOTES[note]})")
    done = await validate(grader, key, cell, "a = 1")
    assert done.outcome == "completed", done.message
    assert done.reused_cells == 0


@pytest.mark.parametrize(
    "reach",
    [
        "open(f'/proc/{p}/mem', 'r+b')",
        "open(f'/proc/{p}/oom_score_adj', 'w')",
        "os.listdir(f'/proc/{p}/fd')",
        "resource.prlimit(p, resource.RLIMIT_NOFILE, (100, 100))",
        "os.sched_setaffinity(p, {0})",
        "os.setpriority(os.PRIO_PROCESS, p, 5)",
        "os.setpriority(os.PRIO_PGRP, 0, 5)",
    ],
)
async def test_a_copy_that_waits_is_out_of_reach(grader: Grader, reach: str) -> None:
    attack = (
        "import os, resource\ndef reach():\n    found = []\n"
        "    for p in [int(p) for p in os.listdir('/proc') if p.isdigit()]:\n"
        "        if p in (1, os.getpid()): continue\n"
        f"        try: {reach}; found.append('done')\n"
        "        except OSError as error: found.append(type(error).__name__)\n"
        "    return found"
    )
    done = await validate(grader, uuid4().hex, attack, "1", ask="str(reach())")
    assert value_of(done.answers[0]).model_dump()["v"] == "['PermissionError', 'PermissionError']"


async def test_what_is_in_memory_of_a_question_is_not_in_the_copy(grader: Grader) -> None:
    spy = (
        "import atexit\nseen = []\natexit.register(seen.append, 1)\n"
        "def look():\n    seen.append(1)\n"
        "    return len(seen) + 10 * int('hidden' in globals())"
    )
    key = uuid4().hex
    first = await validate(grader, key, spy, "1", ask="globals().update(hidden=1) or look()")
    again = await validate(grader, key, spy, "1", ask="look()")
    assert value_of(first.answers[0]) == Int(v="11")
    assert again.reused_cells == 2
    assert value_of(again.answers[0]) == Int(v="1")
