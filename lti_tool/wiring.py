"""What views work with, made once per application and handed over by it."""

from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from config.settings import Settings
from lti_tool.assets import Assets
from lti_tool.extensions import transaction
from lti_tool.launch.service import LaunchKit
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets
from lti_tool.services.keys import KeyStore
from lti_tool.sessions.tokens import Tokens
from lti_tool.workspace.kernel import Attendant
from lti_tool.workspace.live import LiveJournal
from lti_tool.workspace.streams import StreamSlots

EXTENSION = "casebook"
LAUNCH_EXTENSION = "casebook_launch"


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


def launch_kit() -> LaunchKit:
    """Return what the current application's launches work with, made at the first one."""
    found = current_app.extensions.get(LAUNCH_EXTENSION)
    if found is None:
        made = _make_launch_kit(wiring().settings)
        found = current_app.extensions.setdefault(LAUNCH_EXTENSION, made)
    if not isinstance(found, LaunchKit):
        message = f"The application's extension {LAUNCH_EXTENSION!r} is not a LaunchKit."
        raise TypeError(message)
    return found


def _make_launch_kit(settings: Settings) -> LaunchKit:
    http = PlatformHttp(timeout_seconds=settings.http_timeout_seconds)
    return LaunchKit(
        settings=settings,
        transaction=transaction,
        key_sets=KeySets(http),
        key_store=KeyStore(settings.keys_dir),
    )
