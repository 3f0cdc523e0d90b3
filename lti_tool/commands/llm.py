"""`casebook llm`."""

import asyncio
import dataclasses
import json
from pathlib import Path

import click

from config.settings import Settings
from llm.engine.checking import check, sentences
from llm.engine.options import Shape
from llm.engine.start import model_of, serve

UNUSABLE = 3
"""Exit code for a model that answers, but not as feedback needs it; 1: it cannot be loaded."""


@click.group(name="llm")
def command() -> None:
    """Serve a language model to this machine's other processes."""


@command.command(name="serve")
def serve_model() -> None:
    """Serve the model of CASEBOOK_LLM_MODEL until stopped; `casebook up` does it by itself."""
    serve(Settings())


@command.command(name="check")
@click.argument("model", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@click.pass_context
def check_model(context: click.Context, model: str | None, *, as_json: bool) -> None:
    """Load MODEL, a GGUF file, and say what it and this machine can do together.

    Without MODEL it is that of CASEBOOK_LLM_MODEL. Exits with 0 if feedback can be built on it, 3
    if not, and 1 if it cannot be loaded.
    """
    settings = Settings()
    file = Path(model) if model is not None else model_of(settings)
    shape = Shape(
        slots=settings.llm_slots,
        slot_tokens=settings.llm_slot_tokens,
        threads=settings.llm_threads,
    )
    found = asyncio.run(check(file, shape))
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(found), "usable": found.usable}))
    else:
        click.echo("\n".join(sentences(found)))
    context.exit(0 if found.usable else UNUSABLE)
