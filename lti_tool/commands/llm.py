"""`casebook llm`."""

import click

from config.settings import Settings
from llm.engine.start import serve


@click.group(name="llm")
def command() -> None:
    """Serve a language model to this machine's other processes."""


@command.command(name="serve")
def serve_model() -> None:
    """Serve the model of CASEBOOK_LLM_MODEL until stopped; `casebook up` does it by itself."""
    serve(Settings())
