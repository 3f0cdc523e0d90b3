"""A platform with a roster, an activity in its course, and what reads rosters."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from config.database import Database
from lti_tool.models import Assignment, Course
from lti_tool.roster.tasks import Registrar
from lti_tool.services.client import ServiceClient
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.services.tokens import TokenSource
from tests.fakes.platform import Platform, serve
from tests.lti_tool.factories import add_case, register


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture(scope="session")
def key_store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def platform(key_store: KeyStore) -> Iterator[Platform]:
    with serve(Platform(key_store.key_set)) as running:
        yield running


@pytest.fixture
def registrar(http: PlatformHttp, key_store: KeyStore, database: Database) -> Registrar:
    tokens = TokenSource(http, key_store, database.transaction)
    return Registrar(ServiceClient(http, tokens), database.transaction)


@pytest.fixture
def assignment_id(database: Database, platform: Platform) -> UUID:
    """An activity in the course."""
    with database.transaction() as session:
        registration = register(session, platform)
        assignment = Assignment(
            registration_id=registration.id,
            deployment_id="d1",
            resource_link_id="link-1",
            context_id="course-1",
            title="Wine homework",
            case_version_id=add_case(session).id,
        )
        session.add(assignment)
        session.flush()
        return assignment.id


@pytest.fixture
def course_id(database: Database, platform: Platform, assignment_id: UUID) -> UUID:
    """The course that the activity is in."""
    with database.transaction() as session:
        assignment = session.get_one(Assignment, assignment_id)
        course = Course(
            registration_id=assignment.registration_id,
            deployment_id="d1",
            context_id="course-1",
            memberships_url=f"{platform.origin}/members",
        )
        session.add(course)
        session.flush()
        return course.id
