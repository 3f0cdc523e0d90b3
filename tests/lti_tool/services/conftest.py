"""A real platform, a learner's attempt placed on it, and couriers that bring scores there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from config.database import Database, utcnow
from config.settings import Settings
from grading.models import DeliveryState, ScoreDelivery
from lti_tool.models import Assignment, LtiUser, PlatformFamily, Registration
from lti_tool.models.lti_user import learner_key
from lti_tool.services.delivery import Courier
from lti_tool.services.http import PlatformHttp
from lti_tool.services.keys import KeyStore
from lti_tool.tasks import deliver
from notebooks.attempts.service import open_attempt
from tests.fakes.canvas import Canvas
from tests.fakes.moodle import Moodle
from tests.fakes.platform import ALL_SCOPES, Platform, serve
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
def moodle(key_store: KeyStore) -> Iterator[Moodle]:
    with serve(Moodle(key_store.key_set)) as running:
        yield running


@pytest.fixture
def canvas(key_store: KeyStore) -> Iterator[Canvas]:
    with serve(Canvas(key_store.key_set)) as running:
        yield running


@pytest.fixture
def courier(http: PlatformHttp, key_store: KeyStore, database: Database) -> Courier:
    return Courier(http, key_store, database.transaction)


Send = Callable[[UUID], None]
"""Bring an attempt's score to its grade book, if it may go now."""


@pytest.fixture
def send(courier: Courier, database: Database) -> Send:
    return lambda attempt_id: deliver(courier, database, attempt_id)


@dataclass
class Course:
    """An assignment on the platform, and learners' scores that want to go there."""

    database: Database
    platform: Platform
    registration: Registration
    assignment_id: UUID

    def change(self, **columns: object) -> None:
        """Change columns of the assignment or the registration."""
        with self.database.transaction() as session:
            assignment = session.get_one(Assignment, self.assignment_id)
            registration = session.get_one(Registration, self.registration.id)
            for name, value in columns.items():
                setattr(assignment if hasattr(Assignment, name) else registration, name, value)

    def attempt(self, sub: str = "student-1", *, score: float = 7, graded: bool = True) -> UUID:
        """Open a learner's attempt whose score is wanted."""
        with self.database.transaction() as session:
            user = LtiUser(registration_id=self.registration.id, sub=sub)
            session.add(user)
            session.flush()
            assignment = session.get_one(Assignment, self.assignment_id)
            attempt = open_attempt(
                session,
                assignment_key=str(assignment.id),
                learner_key=learner_key(user.id, graded=graded),
                case_version_id=assignment.case_version_id,
                graded=graded,
            )
            session.add(
                ScoreDelivery(attempt_id=attempt.id, score=score, max_score=10, comment="Good.")
            )
            return attempt.id

    def want(
        self, attempt_id: UUID, score: float, comment: str = "Better.", *, same_facts: bool = False
    ) -> None:
        """Want a newer score, or other words for the same one."""
        with self.database.transaction() as session:
            row = session.get_one(ScoreDelivery, attempt_id, with_for_update=True)
            row.wanted_rev += 1
            row.version += not same_facts
            row.score, row.comment, row.state = score, comment, DeliveryState.PENDING
            row.attempts, row.next_at = 0, None

    def set(self, attempt_id: UUID, **columns: object) -> None:
        """Change columns of a delivery."""
        with self.database.transaction() as session:
            row = session.get_one(ScoreDelivery, attempt_id)
            for name, value in columns.items():
                setattr(row, name, value)

    def hurry(self, attempt_id: UUID) -> None:
        """Let the moment of the next try have come."""
        with self.database.transaction() as session:
            session.get_one(ScoreDelivery, attempt_id).next_at = utcnow()
            session.get_one(Registration, self.registration.id).paused_until = None

    def row(self, attempt_id: UUID) -> ScoreDelivery:
        with self.database.transaction() as session:
            return session.get_one(ScoreDelivery, attempt_id)


def place(
    database: Database, platform: Platform, family: PlatformFamily = PlatformFamily.GENERIC
) -> Course:
    """Place an activity with its column in a course of the platform."""
    url = platform.add_line_item("link-1")
    with database.transaction() as session:
        registration = register(session, platform)
        registration.platform = family
        version = add_case(session, family.value)
        assignment = Assignment(
            registration_id=registration.id,
            deployment_id="d1",
            resource_link_id="link-1",
            title="Wine homework",
            case_version_id=version.id,
            line_item_url=url,
            line_items_url=f"{platform.origin}/lineitems",
            scopes=sorted(ALL_SCOPES),
        )
        session.add(assignment)
        session.flush()
        return Course(database, platform, registration, assignment.id)


@pytest.fixture
def course(database: Database, platform: Platform) -> Course:
    return place(database, platform)


@pytest.fixture
def make_courier(
    http: PlatformHttp, key_store: KeyStore, database: Database
) -> Callable[[], Courier]:
    """Make couriers as other workers have them: the database is all that they share."""
    return lambda: Courier(http, key_store, database.transaction)


@pytest.fixture
def worker_settings(settings: Settings, key_store: KeyStore) -> Settings:
    """Settings under which a worker signs with the keys that the platform knows."""
    settings.keys_dir.mkdir(parents=True)
    (settings.keys_dir / "lti").symlink_to(key_store.folder)
    return settings
