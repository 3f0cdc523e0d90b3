"""Our own code inside a sandbox, and the program that runs it."""

from pathlib import Path, PurePosixPath

from notebooks.kernels.sandboxes.base import CODE, IPYTHON_DIR, Launcher, Program

_INSIDE = Path(__file__).parent / "inside"
_PACKAGE = PurePosixPath("notebooks/kernels/replay/inside")


def program(
    launcher: Launcher,
    module: str,
    hash_seed: int,
    *,
    control: int | None = None,
    jailer: bool = False,
) -> Program:
    """Return the program that runs a module of `inside`; piped, unless it has a control socket."""
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
        },
        piped=control is None,
        control=control,
        jailer=jailer,
    )
