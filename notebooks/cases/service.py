"""Stored cases: uploading a version, finding the one to use, and how its build goes."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.queue import Queue, defer
from notebooks.cases import archive
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.problems import Problem, Problems
from notebooks.cases.reader import CaseContent, read_case
from notebooks.errors import CaseError, ObjectExistsError
from notebooks.journal.log import append, create_stream
from notebooks.objects import ObjectStore

BUILD_CASE = "grading:build_case"
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def store_case(session: Session, objects: ObjectStore, *, slug: str, path: Path) -> CaseVersion:
    """Store what lies at `path` as the newest version of the case `slug` and return it.

    As `store_content` does. Raises CaseError with every problem; then nothing is changed.
    """
    if not _SLUG.fullmatch(slug):
        message = f"{slug!r} cannot name a case: use a-z, 0-9, - and _."
        raise CaseError([Problem(path.name, None, None, message)])
    content = read_case(path)
    if isinstance(content, Problems):
        raise CaseError(content.items)
    return store_content(session, objects, slug=slug, content=content)


def store_content(
    session: Session, objects: ObjectStore, *, slug: str, content: CaseContent
) -> CaseVersion:
    """Store a case that was read as the newest version of the case `slug` and return it.

    The same content again is the version that has it already. A new version is `queued`: the
    caller has it built by `request_build`.
    """
    digest = archive.content_hash(content.files.paths)
    case = _locked_case(session, slug)
    version = session.scalar(
        select(CaseVersion).where(
            CaseVersion.case_id == case.id, CaseVersion.content_hash == digest
        )
    )
    if version is not None:
        return version
    number = session.scalar(
        select(func.max(CaseVersion.number)).where(CaseVersion.case_id == case.id)
    )
    version = CaseVersion(
        id=uuid4(),
        case_id=case.id,
        number=(number or 0) + 1,
        content_hash=digest,
        title=content.profile.title,
        profile=content.profile.model_dump(mode="json"),
        template=[cell.model_dump(mode="json") for cell in content.template],
        archive_key=_archive(objects, content, digest),
        state=BuildState.QUEUED,
        stream_id=create_stream(session),
    )
    session.add(version)
    session.flush()
    return version


def request_build(session: Session, version: CaseVersion) -> None:
    """Have a version built, unless it is; one whose build failed or was cut off is begun anew."""
    if version.state is BuildState.READY:
        return
    if version.state is BuildState.FAILED:
        version.state, version.problems = BuildState.QUEUED, []
    defer(
        session,
        BUILD_CASE,
        queue=Queue.BUILDS,
        args={"case_version_id": str(version.id)},
        queueing_lock=build_lock(version.id),
    )


def build_lock(version_id: UUID) -> str:
    """Return what keeps a version's build from waiting twice."""
    return f"build-{version_id}"


def content_of(objects: ObjectStore, version: CaseVersion) -> CaseContent:
    """Read a stored version's content again, from its archive.

    Raises NotFoundError without the archive; CaseError if this Casebook reads it no longer.
    """
    with tempfile.TemporaryDirectory(prefix="casebook-archive-") as folder:
        path = Path(folder) / "case.zip"
        with objects.get(version.archive_key) as stream, path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, 1024 * 1024)
        content = read_case(path)
    if isinstance(content, Problems):
        raise CaseError(content.items)
    return content


def latest_ready_version(session: Session, slug: str) -> CaseVersion | None:
    """Return the newest version of the case that is built, None if there is none."""
    return session.scalar(
        select(CaseVersion)
        .join(Case, Case.id == CaseVersion.case_id)
        .where(Case.slug == slug, CaseVersion.state == BuildState.READY)
        .order_by(CaseVersion.number.desc())
        .limit(1)
    )


def mark_building(session: Session, version: CaseVersion) -> None:
    """Note that the version's build began."""
    version.problems = []
    _move(session, version, BuildState.BUILDING)


def mark_ready(
    session: Session,
    version: CaseVersion,
    *,
    environment: str,
    data: str | None,
    imports: Sequence[str] = (),
) -> None:
    """Note that the version can be used: its environment, data folder and imported modules."""
    version.environment, version.data, version.problems = environment, data, []
    version.imports = list(imports)
    _move(session, version, BuildState.READY)


def mark_failed(session: Session, version: CaseVersion, problems: Sequence[Problem]) -> None:
    """Note that the version cannot be built, and why."""
    version.problems = [asdict(problem) for problem in problems]
    _move(session, version, BuildState.FAILED)


def _move(session: Session, version: CaseVersion, state: BuildState) -> None:
    version.state = state
    session.flush()
    payload = {"state": state.value, "problems": version.problems}
    append(session, version.stream_id, "build.changed", payload)


def _locked_case(session: Session, slug: str) -> Case:
    """Return the case, new or not, locked so that its versions are numbered one by one."""
    session.execute(insert(Case).values(id=uuid4(), slug=slug).on_conflict_do_nothing())
    return session.scalars(
        select(Case).where(Case.slug == slug).with_for_update(key_share=True)
    ).one()


def _archive(objects: ObjectStore, content: CaseContent, digest: str) -> str:
    """Store the case's files as a zip under their hash; one that is there has the same content."""
    key = f"cases/{digest}.zip"
    with tempfile.TemporaryFile() as packed:
        archive.pack(content.files.paths, packed)
        packed.seek(0)
        try:
            objects.put(key, packed, if_absent=True)
        except ObjectExistsError:
            return key
    return key
