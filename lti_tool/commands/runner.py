"""`casebook runner`."""

import click

from config.settings import Settings
from notebooks.kernels.runner.server import main


@click.command(name="runner")
def command() -> None:
    """Serve sandboxed kernels to this machine's other processes, until stopped."""
    main(Settings())
