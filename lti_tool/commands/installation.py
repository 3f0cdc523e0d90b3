"""What commands need that look after an installation: its settings and its database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.database import Database, connect
from config.errors import DatabaseUnavailableError
from config.postgres import EmbeddedPostgres
from config.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def state_option(command: Command) -> Command:
    """Add `--state`: which installation of this machine is meant."""
    option = click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help="State folder of the installation, as given to `casebook up`.",
    )
    return option(command)


def settings_of(state: Path | None) -> Settings:
    """Return the settings, with the state folder that a command was given."""
    return Settings() if state is None else Settings(state_dir=state.absolute())


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the installation's database: that of DATABASE_URL, else the embedded one, which runs.

    Raises DatabaseUnavailableError, with what to do, if it cannot be reached.
    """
    engine = connect(_url(settings), pool_size=1, connect_seconds=settings.database_connect_seconds)
    try:
        yield Database(engine)
    except OperationalError as error:
        raise DatabaseUnavailableError(
            f"the database does not answer ({str(error.orig).splitlines()[0]}). Start Casebook with"
            " `./run` and the same --state, or set DATABASE_URL to its PostgreSQL."
        ) from error
    except ProgrammingError as error:
        raise DatabaseUnavailableError(
            "the database lacks Casebook's tables, or they are those of another version: start"
            " this version once with `./run`, which brings them up to date."
        ) from error
    finally:
        engine.dispose()


def _url(settings: Settings) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    if not (settings.state_dir / "postgres").is_dir():
        raise DatabaseUnavailableError(
            f"there is no Casebook in {settings.state_dir}: start it with `./run`, give its folder"
            " with --state, or set DATABASE_URL to its PostgreSQL."
        )
    return EmbeddedPostgres(settings).url()


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
