import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from config.database import Database
from lti_tool.deep_linking.uploads import (
    MOST_BUILDING,
    MOST_UPLOADS,
    builds_of,
    receive,
    safe_name,
)
from lti_tool.models import Dialog, UploadedCase
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.problems import Problem
from notebooks.journal.log import append
from notebooks.objects import FileSystemStore
from tests.lti_tool.deep_linking.conftest import MakeDialog
from tests.lti_tool.dialogs import SOLVED, notebook

BROKEN = notebook(("markdown", "# A"), ("markdown", "## B"), ("code", "x = ("))
Receive = Callable[..., Sequence[Problem]]


@pytest.fixture
def drop(database: Database, objects: FileSystemStore) -> Receive:
    """Drop a file into a dialog."""

    def run(dialog: Dialog, content: bytes = SOLVED, name: str = "squares.ipynb") -> Any:
        return receive(
            name,
            lambda path: path.write_bytes(content),
            dialog.id,
            transaction=database.transaction,
            objects=objects,
        )

    return run


def _stored(database: Database) -> list[CaseVersion]:
    """Return the uploaded versions, the oldest first."""
    with database.transaction() as session:
        return list(
            session.scalars(
                select(CaseVersion)
                .join(UploadedCase, UploadedCase.case_id == CaseVersion.case_id)
                .order_by(CaseVersion.created_at)
            )
        )


def _jobs(database: Database) -> list[str]:
    query = "SELECT queueing_lock FROM procrastinate_jobs WHERE task_name = 'grading:build_case'"
    with database.transaction() as session:
        return list(session.scalars(text(query)))


def _titled(title: str) -> bytes:
    return notebook(
        ("markdown", f"# {title}\n\nText."),
        ("markdown", "## Make it\n\nPut one into `x`."),
        ("code", "x = 1"),
    )


def test_a_solved_notebook_becomes_a_case_of_its_teachers_that_is_built(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog(sub="ines")
    assert drop(dialog) == ()
    [version] = _stored(database)
    assert (version.title, version.state) == ("Squares", BuildState.QUEUED)
    assert _jobs(database) == [f"build-{version.id}"]
    with database.transaction() as session:
        owner = session.scalars(select(UploadedCase)).one()
        [build] = builds_of(session, session.get_one(Dialog, dialog.id))
    assert (owner.user_id, owner.context_id) == (dialog.user_id, "course-1")
    assert (build.version_id, build.state, build.step) == (version.id, BuildState.QUEUED, None)


def test_a_zip_with_a_whole_case_does_as_well(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("case/solution.ipynb", SOLVED)
        archive.writestr("case/requirements.txt", "")
    assert drop(make_dialog(), packed.getvalue(), "case.zip") == ()
    assert [version.title for version in _stored(database)] == ["Squares"]


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ((BROKEN, "a.ipynb"), 3),
        ((b"not json", "a.ipynb"), None),
        ((b"", "a.ipynb"), None),
        ((b"no zip", "a.zip"), None),
        ((b"MZ", "a.exe"), None),
        ((SOLVED, ""), None),
    ],
)
def test_what_cannot_become_a_case_is_named_and_changes_nothing(  # noqa: PLR0913 - fixtures and a table
    database: Database,
    make_dialog: MakeDialog,
    drop: Receive,
    objects: FileSystemStore,
    *,
    file: tuple[bytes, str],
    place: int | None,
) -> None:
    dialog = make_dialog()
    problems = drop(dialog, *file)
    assert problems
    assert problems[0].cell == place
    assert all(problem.file.startswith(("a.", "upload")) for problem in problems)
    assert _stored(database) == []
    assert _jobs(database) == []
    with database.transaction() as session:
        assert session.get_one(Dialog, dialog.id).uploads == []
        assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert not list(objects.list("cases/"))


def test_the_same_again_is_the_same_version_and_is_not_built_twice(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    drop(dialog)
    [version] = _stored(database)
    assert len(_jobs(database)) == 1
    with database.transaction() as session:
        assert session.get_one(Dialog, dialog.id).uploads == [str(version.id)]


def test_a_better_notebook_of_the_same_title_is_the_next_version(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    drop(dialog, SOLVED.replace(b"range(5)", b"range(6)"))
    first, second = _stored(database)
    assert first.case_id == second.case_id
    assert (first.number, second.number) == (1, 2)


def test_two_teachers_with_one_title_have_a_case_each(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    drop(make_dialog(sub="ines"))
    drop(make_dialog(sub="omar"))
    first, second = _stored(database)
    assert first.case_id != second.case_id


def test_a_build_that_failed_is_begun_anew_by_the_same_file(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    [version] = _stored(database)
    with database.transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.get_one(CaseVersion, version.id).state = BuildState.FAILED
    drop(dialog)
    [version] = _stored(database)
    assert version.state is BuildState.QUEUED
    assert _jobs(database) == [f"build-{version.id}"]


def test_one_teacher_does_not_fill_the_line_of_builds(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    for number in range(MOST_BUILDING):
        assert drop(make_dialog(sub="ines"), _titled(f"Case {number}")) == ()
    [problem] = drop(make_dialog(sub="ines"), _titled("One more"))
    assert "Wait until one of them is ready" in problem.message
    assert drop(make_dialog(sub="omar"), _titled("One more")) == ()
    assert len(_stored(database)) == MOST_BUILDING + 1


def test_a_dialog_takes_so_many_uploads_and_no_more(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    with database.transaction() as session:
        session.get_one(Dialog, dialog.id).uploads = [str(number) for number in range(MOST_UPLOADS)]
    [problem] = drop(dialog)
    assert f"has taken {MOST_UPLOADS} cases" in problem.message
    assert _stored(database) == []


def test_progress_is_that_of_the_build_that_runs_now(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    [version] = _stored(database)

    def tell(kind: str, payload: dict[str, object]) -> None:
        with database.transaction() as session:
            append(session, version.stream_id, kind, payload)

    def seen() -> tuple[str | None, int | None, str | None]:
        with database.transaction() as session:
            [build] = builds_of(session, session.get_one(Dialog, dialog.id))
        return build.step, build.packages, build.line

    assert seen() == (None, None, None)
    tell("build.changed", {"state": "building", "problems": []})
    tell("build.progress", {"step": "resolving", "packages": None})
    tell("build.progress", {"step": "installing", "packages": 12})
    tell("build.log", {"line": "Installed numpy"})
    assert seen() == ("installing", 12, "Installed numpy")
    tell("build.changed", {"state": "building", "problems": []})
    assert seen() == (None, None, None)


def test_why_a_build_failed_stands_with_file_cell_and_line(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    with database.transaction() as session:
        version = session.scalars(select(CaseVersion).where(CaseVersion.title == "Squares")).one()
        version.state = BuildState.FAILED
        problem = {"file": "squares.ipynb", "cell": 3, "line": 1, "message": "NameError"}
        version.problems = [problem]
    with database.transaction() as session:
        [build] = builds_of(session, session.get_one(Dialog, dialog.id))
    assert build.is_over
    assert build.problems == (Problem("squares.ipynb", 3, 1, "NameError"),)


@given(st.text())
def test_a_files_own_name_is_fit_for_any_folder(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 100
    assert Path(safe).name == safe
    assert safe not in {".", ".."}
    assert "\0" not in safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Домашка 1.ipynb", "Домашка 1.ipynb"),
        ("C:\\Users\\ines\\wine.zip", "wine.zip"),
        ("../../etc/passwd", "passwd"),
        ("..", "upload"),
        ("", "upload"),
        ("x" * 300 + ".ipynb", "x" * 94 + ".ipynb"),
    ],
)
def test_people_recognise_their_files(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_build_that_was_cut_off_is_asked_for_again_and_shown_as_it_is(
    database: Database, make_dialog: MakeDialog, drop: Receive
) -> None:
    dialog = make_dialog()
    drop(dialog)
    [version] = _stored(database)
    with database.transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.get_one(CaseVersion, version.id).state = BuildState.BUILDING
    drop(dialog)
    [version] = _stored(database)
    assert version.state is BuildState.BUILDING
    assert _jobs(database) == [f"build-{version.id}"]
