"""`casebook worker`."""

import click

from config.settings import Settings
from lti_tool.operation.worker import main


@click.command(name="worker")
def command() -> None:
    """Work on every queue, until stopped; needs DATABASE_URL."""
    main(Settings())
