"""Tables of cases and their immutable versions."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, utcnow


class BuildState(StrEnum):
    """Where a case version stands."""

    QUEUED = "queued"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class Case(Base):
    """A homework, through all its versions."""

    __tablename__ = "case"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    slug: Mapped[str] = mapped_column(unique=True)
    """Short name that launches and operators use, e.g. `wine`."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class CaseVersion(Base):
    """One immutable version of a case: its content never changes after the upload."""

    __tablename__ = "case_version"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        UniqueConstraint("case_id", "content_hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    number: Mapped[int]
    """1, 2, 3 … within the case."""
    content_hash: Mapped[str]
    """SHA-256 of the canonical content; the same upload twice is the same version."""
    title: Mapped[str]
    profile: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """`case.yaml` as parsed (`notebooks.cases.profile.Profile`)."""
    template: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """Cells that an attempt starts from (`notebooks.attempts.document.Cell`)."""
    archive_key: Mapped[str]
    """The uploaded content as a zip in the object store."""
    state: Mapped[BuildState] = mapped_column(default=BuildState.QUEUED)
    environment: Mapped[str | None]
    """Name (hash) of the built environment."""
    data: Mapped[str | None]
    """Name of the unpacked data folder; None for a case without data."""
    imports: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    """Modules that the ideal solution and the template import."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Why a build failed: file, cell, line and message of each problem."""
    stream_id: Mapped[UUID] = mapped_column(ForeignKey("journal_stream.id"))
    """Journal of the build."""
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    case: Mapped[Case] = relationship()
