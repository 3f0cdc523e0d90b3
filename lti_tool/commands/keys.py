"""`casebook keys`."""

import json
from pathlib import Path

import click

from lti_tool.commands.installation import settings_of, state_option, table
from lti_tool.services.keys import KeyStatus, KeyStore


@click.group(name="keys")
@state_option
@click.pass_context
def command(context: click.Context, state: Path | None) -> None:
    """Look after the keys that sign what Casebook says to platforms."""
    context.obj = KeyStore(settings_of(state).keys_dir)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_obj
def show_all(keys: KeyStore, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """Print the published keys: which one signs, which is next, which are on their way out."""
    found = keys.status()
    if as_json:
        click.echo(json.dumps([_json(key) for key in found], indent=2))
        return
    rows = [("KEY", "ROLE", "SINCE", "PUBLISHED UNTIL")]
    rows += [
        (
            key.kid,
            key.role.value,
            f"{key.since:%Y-%m-%d %H:%M} UTC",
            f"{key.until:%Y-%m-%d %H:%M} UTC" if key.until is not None else "-",
        )
        for key in found
    ]
    click.echo(table(rows))


@command.command(name="rotate")
@click.option("--now", is_flag=True, help="Do not wait until every platform knows the next key.")
@click.option(
    "--revoke",
    is_flag=True,
    help="Replace all keys and publish none of the old ones: others may have them.",
)
@click.pass_obj
def rotate(keys: KeyStore, now: bool, revoke: bool) -> None:  # noqa: FBT001 - flags
    """Let the next key sign from now on; the old one stays published for another day.

    A running Casebook does so by itself, every CASEBOOK_KEY_ROTATION_DAYS.
    """
    key = keys.revoke() if revoke else keys.rotate(at_once=now)
    click.echo(f"{key.kid} signs from now on.")


def _json(key: KeyStatus) -> dict[str, str | None]:
    return {
        "kid": key.kid,
        "role": key.role.value,
        "since": key.since.isoformat(),
        "until": key.until.isoformat() if key.until is not None else None,
    }
