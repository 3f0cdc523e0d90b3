"""Dialogs on a real database, without the launch that opens them."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from config.database import Database, utcnow
from lti_tool.models import Dialog, LtiUser, Registration
from lti_tool.sessions.tickets import new_ticket
from tests.lti_tool.site import PLATFORM


@dataclass(frozen=True)
class Opened:
    """A dialog, as its page's address and the database know it."""

    id: UUID
    ticket: str

    @property
    def path(self) -> str:
        return f"/lti/deep-link/{self.id}"

    @property
    def address(self) -> str:
        return f"{self.path}?ticket={self.ticket}"


def add_dialog(database: Database, **changes: Any) -> Opened:
    """Open a dialog of the only registration for a new person, or for the one who is named."""
    (ticket, ticket_hash), now = new_ticket(), utcnow()
    with database.transaction() as session:
        registration = session.scalars(select(Registration)).one()
        sub = changes.pop("sub", uuid4().hex)
        user = session.scalar(select(LtiUser).where(LtiUser.sub == sub))
        if user is None:
            user = LtiUser(registration_id=registration.id, sub=sub)
            session.add(user)
            session.flush()
        fields = {
            "registration_id": registration.id,
            "deployment_id": "1",
            "user_id": user.id,
            "context_id": "course-1",
            "context_title": "Data <science>",
            "locale": "en",
            "return_url": f"{PLATFORM}/return",
            "data": None,
            "accept_multiple": True,
            "accept_line_item": True,
            "frame_ancestors": PLATFORM,
            "ticket_hash": ticket_hash,
            "created_at": now,
            "expires_at": now + timedelta(hours=1),
        }
        dialog = Dialog(**{**fields, **changes})
        session.add(dialog)
        session.flush()
        return Opened(dialog.id, ticket)


def notebook(*cells: tuple[str, str]) -> bytes:
    """Return a notebook file of these cells: (kind, source)."""
    made: list[dict[str, Any]] = [
        {
            "id": f"cell-{number}",
            "cell_type": kind,
            "metadata": {},
            "source": source,
            **({"outputs": [], "execution_count": None} if kind == "code" else {}),
        }
        for number, (kind, source) in enumerate(cells)
    ]
    body = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(body).encode()


SOLVED = notebook(
    ("markdown", "# Squares\n\nCount some."),
    ("markdown", "## Make them\n\nPut the first five squares into `squares`."),
    ("code", "squares = [n * n for n in range(5)]"),
)
"""A solved notebook that is a case as it is."""
