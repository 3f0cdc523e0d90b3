"""The dialogue of a replay, one line for each order and answer, whichever way the process began.

A line of the host is `{"n", "op", …}`; its answer repeats `n`, a random word, so that answers
cannot be written in advance. The host believes nothing of what is said here.

`branch` goes on in a copy of this process, which takes over the dialogue until `join` ends it: what
is asked of the copy cannot change what later cells find. `park` leaves a copy behind that waits on
a socket of its own, which came with the order, and goes on from here when it is resumed.
"""

import json
import os
import random
from pathlib import Path

from notebooks.kernels.replay.inside import files
from notebooks.kernels.replay.inside.shell import Shell, ask, run_cell
from notebooks.kernels.replay.inside.wire import Wire

_STREAMS = range(3)
_JOINED = 73
"""Exit code of a copy that the host has ended; a student's code that exits gives another one."""


def serve(shell: Shell, wire: Wire) -> None:
    """Follow the host's orders until it hangs up."""
    me = os.getpid()
    files.begin()
    wire.say({"n": "", "ready": True})
    while (line := wire.read()) is not None:
        order = json.loads(line)
        match order["op"]:
            case "cell":
                answer = run_cell(shell, order)
            case "ask":
                answer = ask(shell, order["ask"])
            case "branch":
                branched = _branch()
                if branched is None:
                    continue
                me = os.getpid()
                answer = {"branched": branched}
            case "park":
                parked = _park(wire)
                if parked is None:
                    me = os.getpid()
                    continue
                answer = {"parked": parked}
            case "resume":
                _open_streams()
                answer = {"resumed": True}
            case _:  # join: the process that waits for this copy goes on
                wire.say({"n": order["n"], "joined": True})
                os._exit(_JOINED)
        if os.getpid() != me:  # a cell forked, and this is the copy
            os._exit(0)
        wire.say({"n": order["n"], **answer})


def _has_threads() -> bool:
    return len(list(Path("/proc/self/task").iterdir())) > 1


def _branch() -> bool | None:
    """Return True in a copy of this process, None in itself when the copy has ended well.

    False if there can be no copy: threads do not come along, and what waits for them would hang.
    """
    if _has_threads():
        return False
    seeded = random.getstate()
    copy = os.fork()
    if copy == 0:
        random.setstate(seeded)  # Python gives every copy another seed
        return True
    _, status = os.waitpid(copy, 0)
    if os.waitstatus_to_exitcode(status) != _JOINED:
        os._exit(1)
    return None


def _park(wire: Wire) -> bool | None:
    """Return None in a copy that waits from now on, and in itself whether there is one.

    The copy is no child of this process, so that `os.wait` in a cell does not find it.
    """
    own = wire.take()
    if own is None or _has_threads():
        return False
    seeded = random.getstate()
    parent = os.fork()
    if parent == 0:
        if os.fork() != 0:
            os._exit(0)
        random.setstate(seeded)
        wire.move_to(own)
        for stream in _STREAMS:  # shared with the process that goes on
            os.close(stream)
        wire.say({"n": "", "ready": True})
        return None
    os.close(own)
    os.waitpid(parent, 0)
    return True


def _open_streams() -> None:
    for stream in _STREAMS:
        if os.open(os.devnull, os.O_RDWR) != stream:
            os._exit(1)
