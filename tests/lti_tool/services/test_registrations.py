from sqlalchemy import func, select, update

from config.database import Database
from lti_tool.models import Deployment, PlatformFamily, Registration, RegistrationState
from lti_tool.services.registrations import add_registration


def _add(database: Database, **changes: object) -> Registration:
    agreed = {
        "issuer": "https://lms.example",
        "client_id": "casebook",
        "authorization_url": "https://lms.example/authorize",
        "token_url": "https://lms.example/token",
        "jwks_url": "https://lms.example/jwks",
        "deployment_ids": ["d1"],
        "name": "LMS",
        **changes,
    }
    with database.transaction() as session:
        return add_registration(session, **agreed)  # type: ignore[arg-type]  # mixed values


def test_a_registration_is_added_once_and_updated_after(database: Database) -> None:
    first = _add(database)
    again = _add(database, deployment_ids=["d2"], platform="moodle", name="Moodle")
    assert first.id == again.id
    assert (again.platform, again.name) == (PlatformFamily.MOODLE, "Moodle")
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Registration)) == 1
        assert set(session.scalars(select(Deployment.deployment_id))) == {"d1", "d2"}


def test_an_issuer_may_have_several_client_ids(database: Database) -> None:
    assert _add(database).id != _add(database, client_id="other").id


def test_adding_again_does_not_switch_a_disabled_registration_on(database: Database) -> None:
    _add(database)
    with database.transaction() as session:
        session.execute(update(Registration).values(state=RegistrationState.DISABLED))
    assert _add(database).state is RegistrationState.DISABLED
