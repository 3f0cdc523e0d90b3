"""Runs inside the sandbox, by the environment's Python: an ipykernel with bounded streams.

Stands alone: it can import nothing of ours. The bound is a courtesy to honest code (a flood ends
here, at no cost to anybody); the runner has bounds of its own and relies on none of this.
"""

import os
import sys
import time
from collections import defaultdict
from importlib import import_module
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

_CHARACTERS_PER_CELL = int(os.environ.pop("CASEBOOK_STREAM_CHARACTERS", "4000000"))
_CHARACTERS_PER_SECOND = 128 * 1024
"""What a cell may go on writing once its allowance is spent, so that a progress bar goes on."""
_KEPT_CHARACTERS = 16 * 1024
_GAP = "\n⋯\n"


class BoundedStream(OutStream):
    """Standard output or error that thins out what one cell writes beyond its allowance.

    What is held back is the newest text; it goes out as soon as it may, at the latest when the cell
    has ended.
    """

    _cell: object = None
    _left: float = _CHARACTERS_PER_CELL
    _refilled = 0.0
    _held: list[str] | None = None
    _held_characters = 0

    def write(self, string: str) -> int:
        """Write as far as the cell's allowance goes; pretend that all of it was written."""
        self._refill()
        if self._held_characters + len(string) <= self._left:
            self._write_held()
            self._left -= len(string)
            super().write(string)
        else:
            self._hold(string)
        return len(string)

    def release(self) -> None:
        """Write what was held back: the cell has ended."""
        self._write_held()

    def _hold(self, string: str) -> None:
        self._held = self._held or [_GAP]
        self._held.append(string)
        self._held_characters += len(string)
        if self._held_characters > 2 * _KEPT_CHARACTERS:
            text = "".join(self._held)[-_KEPT_CHARACTERS:]
            # From the beginning of a line, if there is one.
            self._held = [_GAP, text[text.find("\n") + 1 :]]
            self._held_characters = len(self._held[1])

    def _write_held(self) -> None:
        if self._held:
            held, self._held, self._held_characters = self._held, None, 0
            text = "".join(held)
            self._left -= len(text)
            super().write(text)

    def _refill(self) -> None:
        header = self.parent_header
        cell = header.get("msg_id") if header else None
        now = time.monotonic()
        if cell != self._cell:
            self._cell, self._left = cell, _CHARACTERS_PER_CELL
            self._held, self._held_characters = None, 0
        else:
            gained = (now - self._refilled) * _CHARACTERS_PER_SECOND
            self._left = min(_CHARACTERS_PER_CELL, self._left + gained)
        self._refilled = now


class _Forgetful(defaultdict[int, list[object]]):
    """A history of outputs that hands out a list for each cell and keeps none of them.

    IPython keeps all that is printed and shown for as long as the kernel lives, so that a loop of
    prints would use up the memory. Nobody reads it here.
    """

    def __missing__(self, cell: int) -> list[object]:
        return []


class Kernel(IPythonKernel):
    """An ipykernel that lists its variables, by a request on the control channel.

    There it waits for no cell, leaves no trace in the history, and runs nothing of the student's.
    """

    control_msg_types = [*IPythonKernel.control_msg_types, "casebook_variables_request"]  # noqa: RUF012 - its base's
    shell: Any
    session: Any

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - its base's
        super().__init__(**kwargs)  # type: ignore[no-untyped-call] # ipykernel has no types
        self._list_variables = import_module("kernel_variables").list_variables
        self.shell.events.register("post_run_cell", _release_streams)
        self.shell.history_manager.outputs = _Forgetful(list)

    async def casebook_variables_request(
        self,
        stream: Any,  # noqa: ANN401 - its base's
        ident: Any,  # noqa: ANN401 - as above
        parent: Any,  # noqa: ANN401 - as above
    ) -> None:
        """Answer with the names, types and beginnings of the variables."""
        content = self._list_variables(self.shell.user_ns, self.shell.user_ns_hidden)
        self.session.send(stream, "casebook_variables_reply", content, parent, ident=ident)


def _release_streams(*_result: object) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, BoundedStream):
            stream.release()


def _leave_out_the_debugger() -> None:
    """Let ipykernel believe that debugpy is not installed: nobody can reach the debugger here.

    Its import costs every kernel about 0.1 s of CPU time.
    """
    name = "debugpy.server"
    sys.modules[name] = None  # type: ignore[assignment] # so Python marks absence
    import_module("ipykernel.debugger")
    del sys.modules[name]


def main() -> None:
    """Start the kernel; the connection file is named on the command line."""
    _leave_out_the_debugger()
    import_module("kernel_variables")  # as long as this file's folder is where modules are found
    sys.path[0] = ""
    stream = f"--IPKernelApp.outstream_class={__name__}.BoundedStream"
    # Jedi knows more, and takes seconds to say it; a page waits a fraction of one.
    argv = [*sys.argv[1:], stream, "--IPCompleter.use_jedi=False"]
    IPKernelApp.launch_instance(argv=argv, kernel_class=Kernel)


if __name__ == "__main__":
    main()
