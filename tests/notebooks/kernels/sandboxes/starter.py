"""Starts a sandbox that sleeps, prints its user id, and waits to be killed."""

import asyncio
import sys

from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.records import KernelSpec
from notebooks.kernels.sandboxes.base import Program
from notebooks.kernels.sandboxes.choice import make_launcher


async def main() -> None:
    settings = Settings()
    launcher = make_launcher(settings, runtime_dir(settings))
    program = Program(
        arguments=("-c", "import time; print(1, flush=True); time.sleep(600)"), piped=True
    )
    spec = KernelSpec(environment=sys.argv[1])
    sandbox = await launcher.start(spec, program, launcher.new_uid())
    assert sandbox.answers is not None
    await sandbox.answers.readline()
    sys.stdout.write(f"{sandbox.uid}\n")
    sys.stdout.flush()
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main())
