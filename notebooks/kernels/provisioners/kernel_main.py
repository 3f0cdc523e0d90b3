"""Runs inside the sandbox, by the environment's Python: an ipykernel with bounded streams.

Stands alone: it can import nothing of ours. The bound is a courtesy to honest code (a flood ends
here, at no cost to anybody); the runner has bounds of its own and relies on none of this.
"""

import os
import sys
from importlib import import_module

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import IPKernelApp

_CHARACTERS_PER_CELL = int(os.environ.pop("CASEBOOK_STREAM_CHARACTERS", "4000000"))


class BoundedStream(OutStream):
    """Standard output or error that drops what one cell writes beyond the bound."""

    _cell: object = None
    _left: int = _CHARACTERS_PER_CELL

    def write(self, string: str) -> int:
        """Write as far as the cell's allowance goes; pretend that all of it was written."""
        header = self.parent_header
        cell = header.get("msg_id") if header else None
        if cell != self._cell:
            self._cell, self._left = cell, _CHARACTERS_PER_CELL
        kept, self._left = string[: self._left], max(0, self._left - len(string))
        if kept:
            super().write(kept)
        return len(string)


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
    sys.path[0] = ""
    stream = f"--IPKernelApp.outstream_class={__name__}.BoundedStream"
    IPKernelApp.launch_instance(argv=[*sys.argv[1:], stream])


if __name__ == "__main__":
    main()
