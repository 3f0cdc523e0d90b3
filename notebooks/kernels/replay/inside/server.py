"""The grading server: holds an environment's imports and forks a jail for each replay.

It runs no byte of a student's and knows nothing of one: a replay's orders go over a socket that is
passed on to the jail. Standard input is its control socket to the host: a message tells what to
import, each later one brings the two sockets of a replay. It ends when the host hangs up.
"""

import base64
import contextlib
import gc
import importlib
import itertools
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from notebooks.kernels.replay.inside import jail
from notebooks.kernels.replay.inside.dialogue import serve
from notebooks.kernels.replay.inside.encode import encode
from notebooks.kernels.replay.inside.paths import forget_code
from notebooks.kernels.replay.inside.shell import Shell, ask, make_shell, run_cell
from notebooks.kernels.replay.inside.wire import Wire

_MESSAGE_BYTES = 128 * 1024
_SOCKETS = 2
_STREAMS = range(3)


def main() -> None:
    """Import, say how that went, then fork at each order."""
    control = socket.socket(fileno=os.dup(0))
    _forget_streams(0, 1)
    setup = json.loads(control.recv(_MESSAGE_BYTES))
    seccomp = [base64.b64decode(program) for program in setup["seccomp"]]
    forget_code()
    missing = [name for name in setup["imports"] if not _import(name)]
    shell = make_shell()
    _warm(shell)
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, every page
    threads = len(list(Path("/proc/self/task").iterdir()))
    control.send(json.dumps({"threads": threads, "missing": missing}).encode("utf-8"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody needs to be buried
    while True:
        message, sockets, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, _SOCKETS)
        if not message:
            return
        if len(sockets) == _SOCKETS and os.fork() == 0:
            control.close()
            _replay(json.loads(message), sockets, seccomp, shell)
        for descriptor in sockets:
            os.close(descriptor)


def _import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - a package may raise anything, SystemExit too
        return False
    return True


def _warm(shell: Shell) -> None:
    """Use once what every replay uses, so that what is loaded late is loaded here."""
    run_cell(shell, {"id": "", "source": "None"})
    ask(shell, {"kind": "value", "expression": "1 / 0"})
    for name, maker in (("numpy", "array"), ("pandas", "DataFrame")):
        if name in sys.modules:
            with contextlib.suppress(Exception):
                encode(getattr(sys.modules[name], maker)([1.0]))


def _replay(order: dict[str, Any], sockets: list[int], seccomp: list[bytes], shell: Shell) -> None:
    """Be one replay, in a jail of its own; never returns."""
    dialogue, status = sockets[0], socket.socket(fileno=sockets[1])
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _forget_streams(*_STREAMS)
        _close_others(sockets)
        jail.make(order, status, dialogue, seccomp)
    except Exception as error:  # noqa: BLE001 - nothing may go on as a second server
        with contextlib.suppress(OSError):
            status.send(json.dumps({"failed": str(error)[:500]}).encode("utf-8"))
        os._exit(1)
    try:
        _draw_anew()
        serve(shell, Wire(dialogue, dialogue))
    except BaseException:  # noqa: BLE001 - as above, and a student's code may raise anything
        os._exit(1)
    os._exit(0)


def _close_others(kept: list[int]) -> None:
    """Close what an imported package may have opened."""
    edges = [len(_STREAMS) - 1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for low, high in itertools.pairwise(edges):
        os.closerange(low + 1, high)


def _draw_anew() -> None:
    """Let no two replays draw the same random numbers by default."""
    random.seed()
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed()


def _forget_streams(*streams: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nothing, stream)
    os.close(nothing)


if __name__ == "__main__":
    main()
