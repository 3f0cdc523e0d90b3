from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from config.database import Database, utcnow
from lti_tool.launch.errors import UnknownPlatformError
from lti_tool.models import AccessToken, LoginState, Registration, RegistrationState
from lti_tool.registration import catalogue
from lti_tool.registration.agreement import Agreement
from lti_tool.registration.errors import (
    AgreementError,
    RegistrationExistsError,
    RegistrationUnknownError,
)
from lti_tool.services.registrations import (
    MOST_WAITING,
    find_for_launch,
    find_for_login,
    note_deployment,
)


def _add(
    database: Database,
    agreement: Agreement,
    state: RegistrationState = RegistrationState.ACTIVE,
) -> Registration:
    with database.transaction() as session:
        return catalogue.add(session, agreement, state=state)


def test_an_issuer_may_have_many_registrations_and_each_many_deployments(
    database: Database, agreement: Agreement
) -> None:
    _add(database, replace(agreement, deployment_ids=("1", "2")))
    _add(database, replace(agreement, client_id="client-2"))
    with database.transaction() as session:
        newest, oldest = catalogue.entries(session)
    assert (newest.client_id, newest.deployments) == ("client-2", ("1",))
    assert (oldest.client_id, oldest.deployments) == ("client-1", ("1", "2"))


def test_a_second_registration_of_an_issuer_and_client_id_changes_nothing(
    database: Database, agreement: Agreement
) -> None:
    first = _add(database, agreement)
    with pytest.raises(RegistrationExistsError, match=str(first.id)[:8]):
        _add(database, replace(agreement, token_url="https://elsewhere.example/token"))
    with database.transaction() as session:
        (entry,) = catalogue.entries(session)
    assert entry.token_url == agreement.token_url


def test_a_malformed_agreement_is_not_stored(database: Database, agreement: Agreement) -> None:
    with pytest.raises(AgreementError):
        _add(database, replace(agreement, issuer="http://moodle.example"))
    with database.transaction() as session:
        assert catalogue.entries(session) == []


def test_a_pending_registration_takes_no_login_until_it_is_approved(
    database: Database, agreement: Agreement
) -> None:
    added = _add(database, agreement, RegistrationState.PENDING)
    with database.transaction() as session, pytest.raises(UnknownPlatformError):
        find_for_login(session, issuer=agreement.issuer, client_id=agreement.client_id)
    with database.transaction() as session:
        catalogue.approve(session, catalogue.find(session, str(added.id)[:8]), ["2"])
    with database.transaction() as session:
        found = find_for_login(session, issuer=agreement.issuer, client_id=agreement.client_id)
        assert catalogue.entry(session, found).deployments == ("1", "2")


def test_approving_the_same_deployment_twice_adds_it_once(
    database: Database, agreement: Agreement
) -> None:
    added = _add(database, agreement)
    for _ in range(2):
        with database.transaction() as session:
            catalogue.approve(session, catalogue.find(session, str(added.id)), ["1", "2"])
    with database.transaction() as session:
        assert catalogue.entries(session)[0].deployments == ("1", "2")


def test_a_malformed_deployment_approves_nothing(database: Database, agreement: Agreement) -> None:
    added = _add(database, agreement, RegistrationState.PENDING)
    with (
        pytest.raises(AgreementError, match="deployment"),
        database.transaction() as session,
    ):
        catalogue.approve(session, catalogue.find(session, str(added.id)), ["2", "two\nlines"])
    with database.transaction() as session:
        (entry,) = catalogue.entries(session)
    assert (entry.state, entry.deployments) == ("pending", ("1",))


def test_a_deployment_that_was_met_waits_until_it_is_approved(
    database: Database, agreement: Agreement
) -> None:
    added = _add(database, replace(agreement, deployment_ids=()))
    with database.transaction() as session:
        note_deployment(session, added.id, "1:abc")
        _, deployments = find_for_launch(session, added.id)
        assert deployments == frozenset()
        (entry,) = catalogue.entries(session)
        assert (entry.deployments, entry.waiting) == ((), ("1:abc",))
        catalogue.approve(session, catalogue.find(session, str(added.id)), ["1:abc"])
        _, deployments = find_for_launch(session, added.id)
        assert deployments == {"1:abc"}
        note_deployment(session, added.id, "1:abc")
        (entry,) = catalogue.entries(session)
        assert (entry.deployments, entry.waiting) == (("1:abc",), ())


def test_no_more_deployments_wait_than_somebody_can_look_at(
    database: Database, agreement: Agreement
) -> None:
    added = _add(database, agreement)
    with database.transaction() as session:
        for name in ("two\nlines", "x" * 256, *map(str, range(100, 100 + 2 * MOST_WAITING))):
            note_deployment(session, added.id, name)
        (entry,) = catalogue.entries(session)
    assert sorted(entry.waiting) == [str(100 + n) for n in range(MOST_WAITING)]


def test_a_disabled_registration_keeps_no_token_and_no_login(
    database: Database, agreement: Agreement
) -> None:
    added = _add(database, agreement)
    soon = utcnow() + timedelta(minutes=5)
    with database.transaction() as session:
        session.add(
            AccessToken(
                registration_id=added.id, scopes="a", token="x", granted=[], expires_at=soon
            )
        )
        session.add(
            LoginState(
                state="s",
                nonce="n",
                registration_id=added.id,
                browser_hash="h",
                target_link_uri="https://tool.example/lti/launch",
                expires_at=soon,
            )
        )
    with database.transaction() as session:
        catalogue.disable(session, catalogue.find(session, str(added.id)))
    with database.transaction() as session:
        for table in (AccessToken, LoginState):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        with pytest.raises(UnknownPlatformError):
            find_for_login(session, issuer=agreement.issuer, client_id=agreement.client_id)


@pytest.mark.parametrize("reference", ["", "%", "zzzz", "0000", "abc", "'; --"])
def test_an_id_of_nothing_is_refused_with_where_to_look(
    database: Database, agreement: Agreement, reference: str
) -> None:
    _add(database, agreement)
    with (
        database.transaction() as session,
        pytest.raises(RegistrationUnknownError, match="registration list"),
    ):
        catalogue.find(session, reference)


def test_an_id_that_several_begin_with_is_refused(database: Database, agreement: Agreement) -> None:
    first = _add(database, agreement)
    with database.transaction() as session:
        twin = str(first.id)[:8] + "-0000-4000-8000-000000000000"
        session.add(
            Registration(
                id=twin,
                name="Twin",
                issuer=agreement.issuer,
                client_id="client-2",
                authorization_url=agreement.authorization_url,
                token_url=agreement.token_url,
                jwks_url=agreement.jwks_url,
            )
        )
    with (
        database.transaction() as session,
        pytest.raises(RegistrationUnknownError, match="2 registrations"),
    ):
        catalogue.find(session, str(first.id)[:8])
