"""The runner as a process: what `casebook runner` starts."""

import os
import sys
from importlib import import_module
from pathlib import Path

import structlog

from config.errors import CertificateError
from config.paths import runtime_dir
from config.settings import Settings
from notebooks.kernels.sandboxes.check import check_sandbox
from notebooks.kernels.sandboxes.choice import make_launcher

log = structlog.get_logger(__name__)

_NEEDLESS = "rfc3987_syntax"
"""Jupyter Server's dependency compiles a grammar of addresses when imported, for two seconds; it
is optional to jsonschema, which takes None here for `not installed`."""


def main(settings: Settings) -> None:
    """Run the runner until SIGTERM; then end all sandboxes.

    Raises:
        SandboxUnavailableError: Sandboxes cannot work on this machine.
        CertificateError: The runner has no certificate.
    """
    runtime = runtime_dir(settings)
    launcher = make_launcher(settings, runtime)
    for note in check_sandbox(settings, launcher):
        log.warning("runner.weak_limits", note=note)
    _require_certificate(settings.certificates_dir / "runner")
    _keep_to(runtime / "jupyter")
    sys.modules.setdefault(_NEEDLESS, None)  # type: ignore[arg-type] # so Python marks absence
    # Imported late: what can fail has been checked by then, and fails at once.
    import_module("notebooks.kernels.runner.jupyter").make_server(settings, launcher).start()


def _require_certificate(folder: Path) -> None:
    if not (folder / "current").exists():
        raise CertificateError(f"there is no certificate in {folder}; `casebook up` issues one.")


def _keep_to(folder: Path) -> None:
    """Let Jupyter read no configuration but ours and write nowhere else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        os.environ[f"JUPYTER_{name}"] = str(folder)
    os.environ["JUPYTER_NO_CONFIG"] = "1"
