from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from config.database import Database
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.problems import Problem
from notebooks.cases.profile import Profile
from notebooks.cases.service import (
    content_of,
    latest_ready_version,
    mark_building,
    mark_failed,
    mark_ready,
    store_case,
)
from notebooks.errors import CaseError
from notebooks.journal.log import read
from notebooks.objects import FileSystemStore
from tests.notebooks.cases.builder import PROFILE, folder, notebook, zipped


@pytest.fixture
def objects(tmp_path: Path) -> FileSystemStore:
    return FileSystemStore(tmp_path / "objects")


def store(database: Database, objects: FileSystemStore, path: Path, slug: str = "small") -> UUID:
    with database.transaction() as session:
        return store_case(session, objects, slug=slug, path=path).id


def test_the_same_content_is_the_same_version_whatever_it_comes_as(
    database: Database, objects: FileSystemStore, tmp_path: Path
) -> None:
    case = folder(tmp_path / "case")
    first = store(database, objects, case)
    assert store(database, objects, zipped(tmp_path / "case.zip")) == first
    (case / "README.md").write_text("changed, and no part of the case")
    assert store(database, objects, case) == first
    (case / "case.yaml").write_text(PROFILE.replace("points: 2", "points: 3"))
    second = store(database, objects, case)
    other = store(database, objects, case, "other")
    assert len({first, second, other}) == 3
    with database.transaction() as session:
        numbers = {one: session.get_one(CaseVersion, one).number for one in (first, second, other)}
    assert numbers == {first: 1, second: 2, other: 1}


def test_a_stored_version_holds_the_case(
    database: Database, objects: FileSystemStore, tmp_path: Path
) -> None:
    version_id = store(database, objects, folder(tmp_path / "case"))
    with database.transaction() as session:
        version = session.get_one(CaseVersion, version_id)
        assert (version.title, version.state) == ("A small case", BuildState.QUEUED)
        again = content_of(objects, version)
        assert Profile.model_validate(version.profile) == again.profile
        assert [cell["source"] for cell in version.template] == [
            cell.source for cell in again.template
        ]
        assert again.requirements == "numpy\n"


def test_uploads_at_once_make_one_version(
    database: Database, objects: FileSystemStore, tmp_path: Path
) -> None:
    case = folder(tmp_path / "case")
    barrier = Barrier(6)

    def upload(_: int) -> UUID:
        barrier.wait(10)
        return store(database, objects, case)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(upload, range(6)))) == 1


def test_a_broken_upload_changes_nothing(
    database: Database, objects: FileSystemStore, tmp_path: Path
) -> None:
    broken = folder(tmp_path / "case", solution_ipynb=notebook([("code", "x = (")]))
    with pytest.raises(CaseError) as caught:
        store(database, objects, broken)
    assert [(one.file, one.cell, one.line) for one in caught.value.problems] == [
        ("solution.ipynb", 1, 1)
    ]
    with pytest.raises(CaseError, match="cannot name a case"):
        store(database, objects, folder(tmp_path / "good"), "../x")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
    assert list(objects.list()) == []


def test_the_newest_built_version_is_the_one_to_use(
    database: Database, objects: FileSystemStore, tmp_path: Path
) -> None:
    case = folder(tmp_path / "case")
    first = store(database, objects, case)
    (case / "requirements.txt").write_text("pandas\n")
    second = store(database, objects, case)
    (case / "requirements.txt").write_text("nonsense\n")
    third = store(database, objects, case)
    with database.transaction() as session:
        assert latest_ready_version(session, "small") is None
        for built in (first, second):
            version = session.get_one(CaseVersion, built)
            mark_building(session, version)
            mark_ready(session, version, environment="env", data=None)
        failed = session.get_one(CaseVersion, third)
        mark_failed(session, failed, [Problem("requirements.txt", None, 1, "no such package")])
    with database.transaction() as session:
        found = latest_ready_version(session, "small")
        assert found is not None
        assert found.id == second
        failed = session.get_one(CaseVersion, third)
        (event,) = read(session, failed.stream_id, 0, 10)
        assert event.kind == "build.changed"
        assert event.payload["state"] == "failed"
        assert failed.problems[0]["line"] == 1
