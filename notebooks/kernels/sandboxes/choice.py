"""Which launcher the settings ask for."""

import os
import shutil
from pathlib import Path

from config.paths import own_folder, runtime_dir
from config.settings import Settings
from notebooks.kernels.sandboxes.base import Launcher
from notebooks.kernels.sandboxes.bwrap import BwrapLauncher


def make_launcher(settings: Settings, runtime: Path) -> Launcher:
    """Return a launcher of the kind that `provisioner` names, with this runtime folder."""
    if settings.provisioner == "container":
        # The engine's client takes long to import, for a command that ends soon.
        from notebooks.kernels.sandboxes.container.launcher import (  # noqa: PLC0415
            ContainerLauncher,
        )

        return ContainerLauncher(settings, runtime)
    return BwrapLauncher(settings, runtime)


def make_private_launcher(settings: Settings) -> Launcher:
    """Return a launcher for this process alone, apart from the runner's folder, which is swept."""
    folder = own_folder(runtime_dir(settings) / f"l{os.getpid()}", 0o711)
    return make_launcher(settings, folder)


def close_private_launcher(launcher: Launcher) -> None:
    """Remove what a private launcher made, and its folder; its sandboxes must be closed."""
    launcher.close()
    shutil.rmtree(launcher.runtime, ignore_errors=True)
