from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from config.database import Database
from lti_tool.models import Invitation
from lti_tool.registration import invitations
from lti_tool.registration.errors import InvitationError

DAY = timedelta(days=1)


@pytest.fixture
def invite(database: Database) -> Callable[..., str]:
    def make(lifetime: timedelta = DAY) -> str:
        with database.transaction() as session:
            return invitations.invite(session, name="Physics", lifetime=lifetime)

    return make


def test_the_secret_itself_is_stored_nowhere(
    database: Database, invite: Callable[..., str]
) -> None:
    secret = invite()
    with database.transaction() as session:
        row = session.scalars(select(Invitation)).one()
        assert secret not in repr(vars(row))


def test_of_ten_claims_at_the_same_moment_one_succeeds(
    database: Database, invite: Callable[..., str]
) -> None:
    secret, start = invite(), Barrier(10)

    def claim(_: int) -> bool:
        start.wait()
        try:
            with database.transaction() as session:
                invitations.claim(session, secret)
        except InvitationError:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(claim, range(10))) == 1


def test_an_expired_invitation_is_refused_and_goes_with_the_next_one(
    database: Database, invite: Callable[..., str]
) -> None:
    secret = invite(timedelta(seconds=-1))
    for use in (invitations.require, invitations.claim):
        with database.transaction() as session, pytest.raises(InvitationError):
            use(session, secret)
    invite()
    with database.transaction() as session:
        assert len(session.scalars(select(Invitation)).all()) == 1


def test_a_released_invitation_may_be_claimed_again(
    database: Database, invite: Callable[..., str]
) -> None:
    secret = invite()
    with database.transaction() as session:
        claimed = invitations.claim(session, secret)
    with database.transaction() as session:
        invitations.release(session, claimed.id)
    with database.transaction() as session:
        assert invitations.claim(session, secret).id == claimed.id


@pytest.mark.parametrize("secret", ["", "x", "' OR true --"])
def test_an_unknown_secret_is_refused(
    database: Database, invite: Callable[..., str], secret: str
) -> None:
    invite()
    with database.transaction() as session, pytest.raises(InvitationError):
        invitations.require(session, secret)
