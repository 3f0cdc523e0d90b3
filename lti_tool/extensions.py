"""Flask extensions: the web process's sessions and migrations, on the tables of every package."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_migrate import Migrate  # type: ignore[import-untyped]  # it ships no types
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import Session

from config.database import Base

# The tables' metadata alone: models stay plain, and only this package knows Flask-SQLAlchemy.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield the request's session in a new transaction; commit at the end, roll back on an error.

    The connection is back in the pool when the block ends, so a view may stream afterwards.
    """
    session = db.session()
    with session.begin():
        yield session
