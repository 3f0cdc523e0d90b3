"""Starting the llm process: what has to be there, and the command that serves."""

import os
import sys
from pathlib import Path

from config.errors import CertificateError
from config.privileges import Launch
from config.roles import Role
from config.settings import Settings
from llm.errors import LlmError

LAUNCH = Launch(
    [
        *(sys.executable, "-m", "gunicorn", "-c", "python:llm.engine.serving"),
        "llm.engine.serving:create_app()",
    ]
)


class NotConfiguredError(LlmError):
    """There is no model to serve; the message says what to set."""


def model_of(settings: Settings) -> Path:
    """Return the file of the model that is to be served.

    Raises:
        NotConfiguredError: there is none.
    """
    model = settings.llm_model
    if model is None:
        raise NotConfiguredError(
            "No model is configured: set CASEBOOK_LLM_MODEL to the path of a GGUF file."
        )
    if not model.is_file():
        raise NotConfiguredError(f"CASEBOOK_LLM_MODEL names {model}, which is no file.")
    return model


def serve(settings: Settings) -> None:
    """Become the llm process.

    Raises:
        NotConfiguredError: there is no model to serve.
        CertificateError: there is no certificate.
    """
    model_of(settings)
    folder = settings.certificates_dir / Role.LLM
    if not (folder / "current").exists():
        raise CertificateError(f"there is no certificate in {folder}; `casebook up` issues one.")
    environment = {**os.environ, **settings.as_environment()}
    os.execve(LAUNCH.argv[0], LAUNCH.argv, environment)  # noqa: S606 # nosec B606 - our own command
