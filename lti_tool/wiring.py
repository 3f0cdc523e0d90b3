"""What views work with, made once per application and handed over by it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flask import current_app

from config.settings import Settings
from lti_tool.assets import Assets
from lti_tool.live import LiveJournal
from lti_tool.streams import StreamSlots
from lti_tool.tokens import Tokens
from notebooks.kernels.records import KernelStatus

EXTENSION = "casebook"


class Attendant(Protocol):
    """What the web asks of a runner; `notebooks.kernels.client.RunnerAttendant` in production."""

    def status(self, url: str, attempt_id: str) -> KernelStatus | None:
        """Return how the attempt's kernel is, None if there is none; 300 ms, or KernelError."""
        ...

    def stop(self, url: str, attempt_id: str) -> None:
        """Interrupt what the attempt's kernel runs, within 2 s; raises KernelError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The collaborators of one application."""

    settings: Settings
    tokens: Tokens
    live: LiveJournal
    slots: StreamSlots
    attendant: Attendant
    assets: Assets
    static_folder: Path


def wiring() -> Wiring:
    """Return the current application's collaborators."""
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Wiring):
        message = "The application was not made by lti_tool.app.create_app."
        raise TypeError(message)
    return found
