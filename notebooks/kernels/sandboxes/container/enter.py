"""The first program in a container, run by the environment's Python: connects it, then makes way.

Stands alone: it can import nothing of ours. It connects to the sockets in the folder named first
(see `entry`), puts them where the next programs expect them, and becomes the command that follows.
From then on nothing inside holds a stream that the engine would have to copy.
"""

import os
import socket
import sys
from pathlib import Path

_LIFELINE = 3
_NOT_OURS = ("HOSTNAME", "TERM", "container")
"""Variables that the engines add of themselves."""


def _connect(path: Path, *places: int) -> None:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    for place in places:
        if place == connection.fileno():
            os.set_inheritable(place, True)  # noqa: FBT003 - takes no keyword
        else:
            os.dup2(connection.fileno(), place)
    if connection.fileno() in places:
        connection.detach()
    else:
        connection.close()


def main() -> None:
    """Connect the lifeline, the error stream and, where it is wanted, input and output."""
    folder, command = Path(sys.argv[1]), sys.argv[2:]
    _connect(folder / "lifeline", _LIFELINE)
    nothing = os.open(os.devnull, os.O_RDWR)
    if (folder / "dialogue").exists():
        _connect(folder / "dialogue", 0, 1)
    else:
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
    _connect(folder / "words", 2)
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    os.execve(command[0], command, environment)  # noqa: S606 # nosec B606


if __name__ == "__main__":
    main()
