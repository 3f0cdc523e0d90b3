"""Brings a database to the newest schema, from code."""

import importlib.util
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from config.errors import ConfigError, DatabaseUnavailableError


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for a `postgresql://` URL; there is no alembic.ini."""
    spec = importlib.util.find_spec("migrations")
    if spec is None or spec.origin is None:
        raise ConfigError("the package `migrations` is missing; install Casebook again")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Run the migrations that are missing; safe to call from several processes at once.

    Raises:
        DatabaseUnavailableError: the server cannot be reached.
        ConfigError: the database is newer than this program.
    """
    try:
        command.upgrade(alembic_config(url), "head")
    except OperationalError as error:
        raise DatabaseUnavailableError(
            f"the database cannot be reached; check DATABASE_URL: {error.orig}"
        ) from error
    except CommandError as error:
        raise ConfigError(
            f"the database does not fit this version of Casebook ({error}); "
            "install the version that it was used with, or a newer one"
        ) from error
