"""The declarative base of every table, engines and sessions; nothing of the domain."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Engine, Enum, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def _values(enum: type[StrEnum]) -> list[str]:
    return [member.value for member in enum]


class Base(DeclarativeBase):
    """Base of every table of every package.

    `datetime` columns are time-zone aware; `StrEnum` columns hold the value as text, so that a new
    member needs no migration of a type.
    """

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own protocol
        datetime: DateTime(timezone=True),
        StrEnum: Enum(StrEnum, native_enum=False, length=40, values_callable=_values),
    }


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def driver_url(url: str) -> str:
    """Return a `postgresql://` URL as SQLAlchemy wants it, with psycopg 3."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def engine_options(*, pool_size: int = 16, connect_seconds: int = 5) -> dict[str, Any]:
    """Return how every engine of Casebook pools and connects, as `create_engine` keywords."""
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 10,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": connect_seconds, "application_name": "casebook"},
    }


def connect(url: str, *, pool_size: int = 16, connect_seconds: int = 5) -> Engine:
    """Return an engine for a `postgresql://` URL, with psycopg 3 and a bounded pool."""
    options = engine_options(pool_size=pool_size, connect_seconds=connect_seconds)
    return create_engine(driver_url(url), **options)


class Database:
    """An engine with its session factory, for processes that have no Flask application."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session that commits at the end of the block and rolls back on an error."""
        with self._sessions.begin() as session:
            yield session
