"""`casebook llm`."""

import asyncio
import dataclasses
import json
import os
import sys
from pathlib import Path

import click

from config.settings import Settings
from llm.engine.checking import check, sentences
from llm.engine.options import Shape
from llm.engine.start import model_of, serve
from llm.weights import OFFERS, PullError, fitting, pull

UNUSABLE = 3
"""Exit code for a model that answers, but not as feedback needs it; 1: it cannot be loaded."""


@click.group(name="llm")
def command() -> None:
    """Serve a language model to this machine's other processes."""


@command.command(name="serve")
def serve_model() -> None:
    """Serve the model of CASEBOOK_LLM_MODEL until stopped; `casebook up` does it by itself."""
    serve(Settings())


@command.command(name="pull")
@click.argument("name", required=False, type=click.Choice(list(OFFERS)))
@click.option("--url", help="Fetch this file instead of one that is offered by name.")
@click.option("--sha256", help="What the file has to be; by default what the server says of it.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to keep it; by default `models` in the state folder.",
)
def pull_model(name: str | None, url: str | None, sha256: str | None, folder: Path | None) -> None:
    """Fetch a model file, go on where it broke off, and check it.

    Without NAME it is the best one that fits into this machine's memory.
    """
    if name is not None and url is not None:
        raise click.UsageError("Give a NAME or --url, not both.")
    address = url or _offered(name)
    target = (folder or Settings().state_dir / "models") / Path(address).name
    with click.progressbar(length=1, label=target.name, file=sys.stderr) as bar:

        def progress(done: int, whole: int) -> None:
            bar.length = max(whole, 1)
            bar.update(done - bar.pos)

        found = pull(address, target, sha256=sha256, progress=progress)
    click.echo(f"{target}\nSHA-256 {found}\nServe it: CASEBOOK_LLM_MODEL={target} casebook up")


def _offered(name: str | None) -> str:
    if name is not None:
        return OFFERS[name].url
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    offer = fitting(memory)
    if offer is None:
        raise PullError(
            f"No model that is offered fits into {memory / 1024**3:.0f} GiB of memory: "
            "name a file with --url, or use a server elsewhere."
        )
    return offer.url


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
