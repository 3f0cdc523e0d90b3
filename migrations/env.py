"""How Alembic runs here: one transaction, one upgrader at a time, never the queue's own tables.

Called by `config.migrate.upgrade`, by `flask db` and by `python -m migrations`.
"""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool, text

from config.settings import Settings
from lti_tool.tables import all_tables

ADVISORY_LOCK = 0x0CA5EB00C
"""So that two processes that start at once do not both upgrade."""


def is_ours(
    _object: Any,  # noqa: ANN401 - Alembic's interface
    name: str | None,
    kind: str,
    _reflected: bool,  # noqa: FBT001
    _compared: object,
) -> bool:
    """Say whether Alembic shall look at a thing in the database: not at procrastinate's."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def database_url() -> str:
    """Return the URL that the caller gave, or the one of the settings."""
    url = context.config.attributes.get("url")
    if url is None:
        secret = Settings().database_url
        if secret is None:
            raise SystemExit("set DATABASE_URL to the database that is to be migrated")
        url = secret.get_secret_value()
    return str(url).replace("postgresql://", "postgresql+psycopg://", 1)


def run() -> None:
    """Run the revisions that Alembic's command asks for."""
    engine = create_engine(database_url(), poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.configure(
            connection=connection,
            target_metadata=all_tables(),
            include_object=is_ours,
            compare_type=True,
        )
        context.run_migrations()


run()
