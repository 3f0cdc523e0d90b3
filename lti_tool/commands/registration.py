"""`casebook registration`."""

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from config.settings import Settings
from lti_tool.commands.installation import open_database, settings_of, state_option, table
from lti_tool.models import PlatformFamily, RegistrationState
from lti_tool.platforms.families import PLATFORMS
from lti_tool.registration import catalogue, invitations
from lti_tool.registration.agreement import NAME_LENGTH, Agreement
from lti_tool.registration.catalogue import Entry

NO_DEPLOYMENT = (
    "No deployment is approved yet, so launches are still refused. Open Casebook once in the"
    " platform: `show` then has its deployment under `waiting`, to be approved with --deployment."
)
SHORT_ID = 8
"""Letters of an id that people read and type."""


@click.group(name="registration")
@state_option
@click.pass_context
def command(context: click.Context, state: Path | None) -> None:
    """Look after the platforms that may launch Casebook."""
    context.obj = settings_of(state)


@command.command(name="add")
@click.option("--issuer", required=True, help="The platform's issuer, as its tokens spell it.")
@click.option("--client-id", required=True, help="The name that the platform gave to Casebook.")
@click.option(
    "--deployment",
    "deployments",
    multiple=True,
    required=True,
    help="A deployment id of the platform; may be given several times.",
)
@click.option(
    "--platform",
    type=click.Choice([family.value for family in PlatformFamily]),
    default=PlatformFamily.GENERIC.value,
    show_default=True,
    help="The platform's product; the addresses of Moodle and Canvas are known.",
)
@click.option("--name", help="What you call it; by default its issuer.")
@click.option("--authorization-url", help="Where logins are answered.")
@click.option("--token-url", help="Where access tokens come from.")
@click.option("--jwks-url", help="Where the platform's public keys are.")
@click.option("--token-audience", help="`aud` of Casebook's assertions, if not the token URL.")
@click.option("--allow-anonymous", is_flag=True, help="Let people without an id look on, ungraded.")
@click.pass_obj
def add(  # noqa: PLR0913 - one for each option
    settings: Settings,
    /,
    *,
    issuer: str,
    client_id: str,
    deployments: tuple[str, ...],
    platform: str,
    name: str | None,
    token_audience: str | None,
    allow_anonymous: bool,
    **addresses: str | None,
) -> None:
    """Register a platform by hand; it may launch at once."""
    agreement = Agreement(
        issuer=issuer,
        client_id=client_id,
        deployment_ids=deployments,
        platform=PlatformFamily(platform),
        name=issuer.removeprefix("https://") if name is None else name,
        token_audience=token_audience,
        allow_anonymous=allow_anonymous,
        **_addresses(PlatformFamily(platform), issuer, addresses),
    )
    with open_database(settings) as database, database.transaction() as session:
        made = catalogue.add(session, agreement, state=RegistrationState.ACTIVE)
        _print(catalogue.entry(session, made))


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_obj
def show_all(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """Print all registrations, the newest first."""
    with open_database(settings) as database, database.transaction() as session:
        found = catalogue.entries(session)
    if as_json:
        click.echo(json.dumps([_json(entry) for entry in found], indent=2))
    elif not found:
        click.echo("No platform is registered yet: see `casebook registration add --help`.")
    else:
        rows: list[tuple[str, ...]] = [
            ("ID", "STATE", "PLATFORM", "NAME", "ISSUER", "CLIENT ID", "DEPLOYMENTS")
        ]
        rows += [_row(entry) for entry in found]
        click.echo(table(rows))


@command.command(name="show")
@click.argument("registration")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_obj
def show(settings: Settings, registration: str, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """Print everything about the registration whose id begins with REGISTRATION."""
    with open_database(settings) as database, database.transaction() as session:
        found = catalogue.entry(session, catalogue.find(session, registration))
    if as_json:
        click.echo(json.dumps(_json(found), indent=2))
    else:
        _print(found)


@command.command(name="invite")
@click.option("--name", help="What you call the platform; by default its host.")
@click.option(
    "--hours",
    type=click.IntRange(1, 30 * 24),
    default=72,
    show_default=True,
    help="How long the invitation is good.",
)
@click.option("--public-url", help="Where platforms reach Casebook, as given to `casebook up`.")
@click.pass_obj
def invite(settings: Settings, name: str | None, hours: int, public_url: str | None) -> None:
    """Print an address by which one platform may register itself, pending your approval.

    Its administrator pastes it where the platform takes tools by dynamic registration.
    """
    if name is not None and (not name.strip() or len(name) > NAME_LENGTH or not name.isprintable()):
        raise click.UsageError(f"--name: needs 1 to {NAME_LENGTH} printable characters.")
    with open_database(settings) as database, database.transaction() as session:
        secret = invitations.invite(session, name=name, lifetime=timedelta(hours=hours))
    origin = (public_url or settings.public_url).rstrip("/")
    click.echo(f"{origin}/lti/register?invitation={secret}")


@command.command(name="approve")
@click.argument("registration")
@click.option(
    "--deployment", "deployments", multiple=True, help="A deployment id to add; may be repeated."
)
@click.pass_obj
def approve(settings: Settings, registration: str, deployments: tuple[str, ...]) -> None:
    """Let a pending or disabled registration launch; with --deployment, from there, too."""
    with open_database(settings) as database, database.transaction() as session:
        found = catalogue.find(session, registration)
        catalogue.approve(session, found, deployments)
        approved = catalogue.entry(session, found)
    _print(approved)
    if not approved.deployments:
        click.echo(NO_DEPLOYMENT, err=True)


@command.command(name="disable")
@click.argument("registration")
@click.pass_obj
def disable(settings: Settings, registration: str) -> None:
    """Refuse launches of a platform and send it no more scores; `approve` takes that back."""
    with open_database(settings) as database, database.transaction() as session:
        found = catalogue.find(session, registration)
        catalogue.disable(session, found)
        _print(catalogue.entry(session, found))


def _addresses(family: PlatformFamily, issuer: str, given: dict[str, str | None]) -> dict[str, str]:
    """Fill in the addresses that are known of a product; what is given goes first."""
    known = PLATFORMS[family].endpoints(issuer)
    merged = {} if known is None else dataclasses.asdict(known)
    merged |= {name: url for name, url in given.items() if url is not None}
    missing = [f"--{name.replace('_', '-')}" for name in given if name not in merged]
    if missing:
        raise click.UsageError(f"This platform's addresses are not known: give {_and(missing)}.")
    return merged


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _row(entry: Entry) -> tuple[str, ...]:
    return (
        str(entry.id)[:SHORT_ID],
        entry.state,
        entry.platform,
        entry.name,
        entry.issuer,
        entry.client_id,
        ", ".join(entry.deployments) or "-",
    )


def _json(entry: Entry) -> dict[str, Any]:
    values = dataclasses.asdict(entry)
    return values | {"id": str(entry.id), "created_at": entry.created_at.isoformat()}


def _print(entry: Entry) -> None:
    values = _json(entry) | {
        "deployments": ", ".join(entry.deployments) or "-",
        "waiting": ", ".join(entry.waiting) or "-",
        "allow_anonymous": "yes" if entry.allow_anonymous else "no",
        "token_audience": entry.token_audience or "-",
    }
    click.echo(table([(name.replace("_", " "), str(value)) for name, value in values.items()]))
