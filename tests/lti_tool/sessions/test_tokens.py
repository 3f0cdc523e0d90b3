from uuid import uuid4

import pytest

from lti_tool.errors import SessionExpiredError
from lti_tool.sessions.tokens import Purpose, Tokens


def test_a_token_names_its_session_for_its_purpose_only() -> None:
    tokens = Tokens("secret", {Purpose.BEARER: 60, Purpose.COOKIE: 60})
    session_id = uuid4()
    token = tokens.sign(session_id, Purpose.BEARER)
    assert tokens.read(token, Purpose.BEARER) == session_id
    with pytest.raises(SessionExpiredError):
        tokens.read(token, Purpose.COOKIE)


def test_a_token_of_another_installation_is_refused() -> None:
    token = Tokens("theirs", {Purpose.BEARER: 60}).sign(uuid4(), Purpose.BEARER)
    with pytest.raises(SessionExpiredError):
        Tokens("ours", {Purpose.BEARER: 60}).read(token, Purpose.BEARER)
