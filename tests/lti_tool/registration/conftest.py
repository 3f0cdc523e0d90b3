import pytest

from config.database import Database
from lti_tool.models import PlatformFamily
from lti_tool.registration.agreement import Agreement


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


@pytest.fixture
def agreement() -> Agreement:
    return Agreement(
        issuer="https://moodle.example",
        client_id="client-1",
        authorization_url="https://moodle.example/mod/lti/auth.php",
        token_url="https://moodle.example/mod/lti/token.php",
        jwks_url="https://moodle.example/mod/lti/certs.php",
        deployment_ids=("1",),
        platform=PlatformFamily.MOODLE,
        name="Moodle of the physicists",
    )
