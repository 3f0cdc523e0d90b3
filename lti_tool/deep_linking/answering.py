"""Answering the platform: the choice is stored and signed, once for each dialog."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session

from config.database import utcnow
from lti_tool.deep_linking.choices import Choice
from lti_tool.deep_linking.dialogs import find_open
from lti_tool.deep_linking.response import content_item, response_claims, sign
from lti_tool.deep_linking.wording import Words
from lti_tool.models import ContentItem, Dialog, Registration
from lti_tool.platforms.families import PLATFORMS
from lti_tool.services.keys import KeyStore

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the browser posts to the platform, and where."""

    return_url: str
    token: str


def answer(
    session: Session,
    dialog_id: UUID,
    choices: Sequence[Choice],
    *,
    keys: KeyStore,
    launch_url: str,
) -> Answer:
    """Close a dialog with what was chosen in it; no choice at all means that it was cancelled.

    Of several that try at once, one succeeds. Raises SessionExpiredError or DialogAnsweredError.
    """
    dialog = find_open(session, dialog_id, lock=True)
    dialog.answered_at = utcnow()
    registration = session.get_one(Registration, dialog.registration_id)
    platform = PLATFORMS[registration.platform]
    items = [_store(session, dialog, choice) for choice in choices]
    session.flush()
    column = dialog.accept_line_item
    claims = response_claims(
        dialog,
        registration,
        [
            content_item(item, platform=platform, launch_url=launch_url, line_item=column)
            for item in items
        ],
        message=None if items else Words(dialog.locale)("cancelled"),
        now=time.time(),
    )
    _log.info("dialog answered", dialog=str(dialog.id), items=[str(item.id) for item in items])
    return Answer(return_url=dialog.return_url, token=sign(claims, keys.signing_key()))


def _store(session: Session, dialog: Dialog, choice: Choice) -> ContentItem:
    item = ContentItem(
        id=uuid4(),
        registration_id=dialog.registration_id,
        context_id=dialog.context_id,
        case_version_id=choice.version_id,
        title=choice.title,
        points=choice.points,
        hints=choice.hints,
        chosen_by=dialog.user_id,
    )
    session.add(item)
    return item
