"""Uploads of solved notebooks, or of zips with whole cases, and how their builds go."""

import hashlib
import re
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.deep_linking.dialogs import find_open
from lti_tool.models import Dialog, UploadedCase
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.problems import Problem, Problems
from notebooks.cases.reader import CaseContent, read_case
from notebooks.cases.service import request_build, store_content
from notebooks.journal.models import JournalEvent
from notebooks.objects import ObjectStore

MOST_UPLOADS = 10
"""Cases that one dialog takes."""
MOST_BUILDING = 3
"""Of one person's, at once: builds take minutes, and everybody's wait in one line."""
_UNSAFE = re.compile(r"[^\w .()-]+")
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How the build of an uploaded case goes."""

    version_id: UUID
    title: str
    state: BuildState
    step: str | None
    """`resolving`, `installing`, `compiling`, `ready`; None before the first."""
    packages: int | None
    line: str | None
    """The newest line of the log."""
    problems: tuple[Problem, ...]
    """Why it failed."""

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will happen to it."""
        return self.state in {BuildState.READY, BuildState.FAILED}


def receive(
    name: str,
    save: Callable[[Path], object],
    dialog_id: UUID,
    *,
    transaction: Callable[[], AbstractContextManager[Session]],
    objects: ObjectStore,
) -> tuple[Problem, ...]:
    """Store an uploaded case and have it built; return what is wrong with it instead, if anything.

    Then nothing is stored. `save` writes the file called `name` to a path. No connection is held
    while the file is read.
    """
    with tempfile.TemporaryDirectory(prefix="casebook-upload-") as folder:
        path = Path(folder) / safe_name(name)
        save(path)
        content = read_case(path)
        if isinstance(content, Problems):
            return content.items
        with transaction() as session:
            dialog = find_open(session, dialog_id, lock=True)
            if (problem := _too_many(session, dialog, path.name)) is not None:
                return (problem,)
            _store(session, dialog, content, objects)
    return ()


def builds_of(session: Session, dialog: Dialog) -> list[Build]:
    """Return the builds of what was uploaded in a dialog, the newest upload first."""
    ids = [UUID(text) for text in dialog.uploads]
    found = session.scalars(select(CaseVersion).where(CaseVersion.id.in_(ids)))
    rows = {row.id: row for row in found}
    return [_build(session, rows[key]) for key in reversed(ids) if key in rows]


def build_of(session: Session, dialog: Dialog, version_id: UUID) -> Build | None:
    """Return the build of one upload; None if it is none of this dialog's."""
    if str(version_id) not in dialog.uploads:
        return None
    row = session.get(CaseVersion, version_id)
    return None if row is None else _build(session, row)


def safe_name(name: str) -> str:
    """Return a file's own name, fit for any file system; people recognise it in problems."""
    plain = PureWindowsPath(name).name  # takes both kinds of slashes for separators
    return _UNSAFE.sub("_", plain).strip(" .")[-_NAME_LENGTH:].strip(" .") or "upload"


def _store(
    session: Session, dialog: Dialog, content: CaseContent, objects: ObjectStore
) -> CaseVersion:
    slug = slug_of(dialog.user_id, content.profile.title)
    version = store_content(session, objects, slug=slug, content=content)
    session.execute(
        insert(UploadedCase)
        .values(
            case_id=version.case_id,
            registration_id=dialog.registration_id,
            deployment_id=dialog.deployment_id,
            context_id=dialog.context_id,
            user_id=dialog.user_id,
        )
        .on_conflict_do_nothing()
    )
    request_build(session, version)
    others = [key for key in dialog.uploads if key != str(version.id)]
    dialog.uploads = [*others, str(version.id)]
    return version


def slug_of(user_id: UUID, title: str) -> str:
    """Return the short name of somebody's case: the same title again is its next version."""
    mark = hashlib.sha256(f"{user_id}\n{title.strip().lower()}".encode()).hexdigest()[:20]
    return f"upload-{mark}"


def _too_many(session: Session, dialog: Dialog, file: str) -> Problem | None:
    if len(dialog.uploads) >= MOST_UPLOADS:
        text = f"This dialog has taken {MOST_UPLOADS} cases. Add them, then open it anew."
        return Problem(file, None, None, text)
    building = session.scalar(
        select(func.count())
        .select_from(CaseVersion)
        .join(UploadedCase, UploadedCase.case_id == CaseVersion.case_id)
        .where(
            UploadedCase.user_id == dialog.user_id,
            CaseVersion.state.in_([BuildState.QUEUED, BuildState.BUILDING]),
        )
    )
    if building is not None and building >= MOST_BUILDING:
        text = f"{building} cases of yours are being prepared. Wait until one of them is ready."
        return Problem(file, None, None, text)
    return None


def _build(session: Session, version: CaseVersion) -> Build:
    progress = _newest(session, version, "build.progress")
    line = _newest(session, version, "build.log")
    return Build(
        version_id=version.id,
        title=version.title,
        state=version.state,
        step=progress.get("step"),
        packages=progress.get("packages"),
        line=line.get("line"),
        problems=tuple(Problem(**problem) for problem in version.problems),
    )


def _newest(session: Session, version: CaseVersion, kind: str) -> dict[str, Any]:
    """Return the newest event of a kind since the build began; empty before there is one."""
    began = (
        select(func.max(JournalEvent.seq))
        .where(
            JournalEvent.stream_id == version.stream_id,
            JournalEvent.kind == "build.changed",
            JournalEvent.payload["state"].astext == BuildState.BUILDING.value,
        )
        .scalar_subquery()
    )
    payload = session.scalar(
        select(JournalEvent.payload)
        .where(
            JournalEvent.stream_id == version.stream_id,
            JournalEvent.kind == kind,
            JournalEvent.seq > began,
        )
        .order_by(JournalEvent.seq.desc())
        .limit(1)
    )
    return payload or {}
