"""`casebook runner`."""

import click
from notebooks.kernels.server import main

from config.settings import Settings


@click.command(name="runner")
def command() -> None:
    """Serve sandboxed kernels to this machine's other processes, until stopped."""
    main(Settings())
