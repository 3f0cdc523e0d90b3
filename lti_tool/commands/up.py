"""`casebook up`."""

from pathlib import Path
from typing import Any

import click

from config.settings import Settings
from lti_tool.operation.up import up

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(name="up")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="State folder.")
@click.option("--port", type=click.IntRange(1, 65533), help="First of three ports in a row.")
@click.option("--public-url", help="Where browsers and platforms reach the tool.")
@click.option("--tls-cert", type=READABLE, help="Certificate chain of the public listener (PEM).")
@click.option("--tls-key", type=READABLE, help="Its private key (PEM).")
@click.option("--demo/--no-demo", default=None, help="Run the demo LMS; default without a URL.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    state: Path | None,
    port: int | None,
    public_url: str | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    demo: bool | None,  # noqa: FBT001 - a flag of the command line
) -> None:
    """Start everything on this machine, and keep it running until Ctrl-C."""
    if (tls_cert is None) is not (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    if demo is None and public_url is not None:
        demo = False
    given: dict[str, Any] = {
        "state_dir": state.absolute() if state else None,
        "port": port,
        "public_url_override": public_url,
        "tls_certificate": tls_cert.absolute() if tls_cert else None,
        "tls_key": tls_key.absolute() if tls_key else None,
        "demo": demo,
    }
    up(Settings(**{name: value for name, value in given.items() if value is not None}))
