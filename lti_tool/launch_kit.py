"""What the LTI views work with, made at the application's first launch and kept there."""

from flask import current_app

from config.settings import Settings
from lti_tool.extensions import transaction
from lti_tool.launch.service import LaunchKit
from lti_tool.services.http import PlatformHttp
from lti_tool.services.jwks import KeySets
from lti_tool.services.keys import KeyStore
from lti_tool.wiring import wiring

EXTENSION = "casebook_launch"


def make_launch_kit(settings: Settings) -> LaunchKit:
    """Return a kit for an application; it connects to nothing before it is used."""
    http = PlatformHttp(timeout_seconds=settings.http_timeout_seconds)
    return LaunchKit(
        settings=settings,
        transaction=transaction,
        key_sets=KeySets(http),
        key_store=KeyStore(settings.keys_dir),
    )


def launch_kit() -> LaunchKit:
    """Return the current application's kit."""
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        found = current_app.extensions.setdefault(EXTENSION, make_launch_kit(wiring().settings))
    if not isinstance(found, LaunchKit):
        message = f"The application's extension {EXTENSION!r} is not a LaunchKit."
        raise TypeError(message)
    return found
