"""Run by test_lanes: a worker process with tasks of the test's own."""

import asyncio
import logging
import sys
from pathlib import Path

from procrastinate import App, JobContext

from config.logging import configure_logging
from config.queue import Queue
from lti_tool.operation.lanes import make_app, serve


def add_tasks(app: App, folder: Path) -> None:
    """Add tasks that write what they do into a file."""

    def note(line: str) -> None:
        with (folder / "log").open("a") as file:
            file.write(line + "\n")

    @app.task(name="test:slow", queue=Queue.RUNS.value, pass_context=True)
    async def slow(context: JobContext, *, seconds: float) -> None:
        assert context.additional_context["who"] == "test"
        note(f"begin {context.job.id}")
        if context.job.attempts == 0:
            await asyncio.sleep(seconds)
        note(f"end {context.job.id}")

    @app.task(name="test:away", queue=Queue.SCORES.value, pass_context=True)
    async def away(context: JobContext) -> None:
        import psycopg  # noqa: PLC0415 - only what this task raises

        note(f"away {context.job.attempts}")
        if context.job.attempts == 0:
            raise psycopg.OperationalError("the database is away")


def main(url: str, folder: Path) -> None:
    """Work until told to stop."""
    configure_logging()
    logging.getLogger("procrastinate").setLevel(logging.INFO)
    app = make_app(url)
    add_tasks(app, folder)
    asyncio.run(serve(app, context={"who": "test"}, on_ready=(folder / "ready").touch))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
