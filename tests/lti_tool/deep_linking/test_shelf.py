from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from lti_tool.deep_linking.shelf import MOST_SHOWN, look, take
from lti_tool.models import Dialog, UploadedCase
from notebooks.cases.models import BuildState, CaseVersion
from tests.lti_tool.deep_linking.conftest import MakeDialog
from tests.lti_tool.factories import add_case


def _titled(session: Session, slug: str, title: str, **options: object) -> CaseVersion:
    version = add_case(session, slug, **options)  # type: ignore[arg-type]
    version.title = title
    session.flush()
    return version


def _upload(session: Session, version: CaseVersion, dialog: Dialog, **changes: object) -> None:
    fields = {
        "case_id": version.case_id,
        "registration_id": dialog.registration_id,
        "deployment_id": dialog.deployment_id,
        "context_id": dialog.context_id,
        "user_id": dialog.user_id,
    }
    session.add(UploadedCase(**{**fields, **changes}))
    session.flush()


def test_of_each_case_the_newest_built_version_is_offered(
    database: Database, make_dialog: MakeDialog
) -> None:
    dialog = make_dialog()
    with database.transaction() as session:
        _titled(session, "glass", "Old")
        newest = _titled(session, "glass", "New", number=2)
        _titled(session, "glass", "Newer, not built", number=3, state=BuildState.BUILDING)
        _titled(session, "broken", "Broken", state=BuildState.FAILED)
        shelf = look(session, dialog)
    assert [offer.title for offer in shelf.offers] == ["New", "Wine & <cheese>"]
    assert shelf.offers[0].version_id == newest.id
    assert (shelf.found, shelf.total) == (2, 2)
    assert (shelf.offers[1].points, shelf.offers[1].subtasks) == (10, ("Load it", "Split it"))


def test_a_search_looks_into_titles_and_short_names_and_takes_signs_for_signs(
    database: Database, make_dialog: MakeDialog
) -> None:
    dialog = make_dialog()
    with database.transaction() as session:
        _titled(session, "rates", "100 % of the rates")
        _titled(session, "glass", "Стекло")
        found = {
            text: [offer.title for offer in look(session, dialog, text).offers]
            for text in ("%", "_", " GLASS ", "стекло", "nothing", "")
        }
        assert look(session, dialog, "%").total == 3
    assert found["%"] == ["100 % of the rates"]
    assert found["_"] == []
    assert found[" GLASS "] == found["стекло"] == ["Стекло"]
    assert found["nothing"] == []
    assert len(found[""]) == 3


def test_no_page_shows_more_than_it_can(database: Database, make_dialog: MakeDialog) -> None:
    dialog = make_dialog()
    with database.transaction() as session:
        for number in range(MOST_SHOWN + 5):
            add_case(session, f"case-{number}")
        shelf = look(session, dialog)
    assert len(shelf.offers) == MOST_SHOWN
    assert shelf.found == MOST_SHOWN + 6


def test_an_upload_is_seen_by_whoever_uploaded_it_and_by_the_staff_of_its_course(
    database: Database, make_dialog: MakeDialog
) -> None:
    own = make_dialog(sub="ines")
    elsewhere = make_dialog(sub="ines", context_id="course-2")
    colleague = make_dialog(sub="omar")
    stranger = make_dialog(sub="omar", context_id="course-2")
    nowhere = make_dialog(sub="omar", context_id=None)
    with database.transaction() as session:
        version = _titled(session, "upload-1", "Mine")
        _upload(session, version, own)
        for dialog, seen in [
            (own, True), (elsewhere, True), (colleague, True), (stranger, False), (nowhere, False),
        ]:  # fmt: skip
            titles = [offer.title for offer in look(session, dialog).offers]
            assert ("Mine" in titles) is seen
            assert bool(take(session, dialog, [version.id])) is seen


def test_an_upload_outside_any_course_stays_with_its_teacher(
    database: Database, make_dialog: MakeDialog
) -> None:
    own = make_dialog(sub="ines", context_id=None)
    other = make_dialog(sub="omar", context_id=None)
    with database.transaction() as session:
        version = _titled(session, "upload-1", "Mine")
        _upload(session, version, own)
        assert take(session, own, [version.id])
        assert not take(session, other, [version.id])


def test_what_is_taken_keeps_the_order_of_asking_and_leaves_out_what_is_not_ready(
    database: Database, make_dialog: MakeDialog
) -> None:
    dialog = make_dialog()
    with database.transaction() as session:
        first, second = add_case(session, "a"), add_case(session, "b")
        waiting = add_case(session, "c", state=BuildState.QUEUED)
        asked = [second.id, uuid4(), waiting.id, first.id]
        taken = take(session, dialog, asked)
        assert session.scalars(select(UploadedCase)).all() == []
    assert [offer.version_id for offer in taken] == [second.id, first.id]
