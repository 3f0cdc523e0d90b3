"""Our own code inside a sandbox, and the program that runs it."""

import platform
from pathlib import Path, PurePosixPath
from typing import Final

from notebooks.kernels.sandboxes.base import CODE, IPYTHON_DIR, Launcher, Program

ELSEWHERE: Final = {
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "MKL_NUM_THREADS": "2",
    "OPENBLAS_CORETYPE": "ARMV8" if platform.machine() == "aarch64" else "Nehalem",
    "MKL_CBWR": "COMPATIBLE",
}
"""Variables that let libraries calculate as on another machine: what they divide among threads, and
which instructions they use, changes the last digits, and what hangs on them."""

_INSIDE = Path(__file__).parent / "inside"
_PACKAGE = PurePosixPath("notebooks/kernels/replay/inside")


def program(  # noqa: PLR0913 - one keyword for each thing that varies
    launcher: Launcher,
    module: str,
    hash_seed: int,
    *,
    control: int | None = None,
    jailer: bool = False,
    elsewhere: bool = False,
) -> Program:
    """Return the program that runs a module of `inside`; piped, unless it has a control socket.

    `elsewhere`: as on another machine.
    """
    files = tuple(
        (launcher.publish(file, _PACKAGE), CODE / _PACKAGE / file.name)
        for file in sorted(_INSIDE.glob("*.py"))
    )
    return Program(
        arguments=("-B", "-m", f"{'.'.join(_PACKAGE.parts)}.{module}"),
        code=files,
        environment={
            "PYTHONPATH": str(CODE),
            "PYTHONHASHSEED": str(hash_seed),
            "MPLBACKEND": "agg",
            "IPYTHONDIR": IPYTHON_DIR,
            **(ELSEWHERE if elsewhere else {}),
        },
        piped=control is None,
        control=control,
        jailer=jailer,
    )
