"""Begins a replay in a fresh sandbox: the dialogue goes over standard input and output.

They are moved away before any cell runs, so that nothing that is printed lands between the lines.
"""

import os

from notebooks.kernels.replay.inside.dialogue import serve
from notebooks.kernels.replay.inside.paths import forget_code
from notebooks.kernels.replay.inside.shell import make_shell
from notebooks.kernels.replay.inside.wire import Wire


def main() -> None:
    """Move the dialogue away from standard input and output, and begin it."""
    wire = Wire(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)
    forget_code()
    serve(make_shell(), wire)


if __name__ == "__main__":
    main()
