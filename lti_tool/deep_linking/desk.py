"""All that lies before somebody who chooses: their uploads, and the cases on the shelf."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from lti_tool.deep_linking.choices import MOST_CHOSEN, Choice, Draft, Typed, choose
from lti_tool.deep_linking.shelf import look, take
from lti_tool.deep_linking.uploads import Build, build_of, builds_of
from lti_tool.models import Dialog
from notebooks.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A case that was uploaded in this dialog."""

    build: Build
    draft: Draft | None
    """None until it can be chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the page shows."""

    uploads: tuple[Upload, ...]
    drafts: tuple[Draft, ...]
    """What is picked, then what was searched for; without the uploads."""
    found: int
    total: int

    @property
    def picked(self) -> list[Draft]:
        """Return all that is picked."""
        uploaded = [upload.draft for upload in self.uploads if upload.draft is not None]
        return [draft for draft in (*uploaded, *self.drafts) if draft.picked]


def lay_out(session: Session, dialog: Dialog, typed: Typed, search: str) -> Desk:
    """Return what the page shows for what was typed."""
    builds = builds_of(session, dialog)
    uploaded = {build.version_id for build in builds}
    ready = {offer.version_id: offer for offer in take(session, dialog, list(uploaded))}
    wanted = [key for key in typed.waiting if key in ready]
    picked = set(typed.picked)
    if dialog.accept_multiple or not picked:
        picked |= set(wanted if dialog.accept_multiple else wanted[:1])
    kept = take(session, dialog, [key for key in typed.picked if key not in uploaded])
    shelf = look(session, dialog, search)
    listed = {offer.version_id: offer for offer in (*kept, *shelf.offers)}
    return Desk(
        uploads=tuple(
            Upload(
                build=build,
                draft=typed.draft(ready[build.version_id], picked=build.version_id in picked)
                if build.version_id in ready
                else None,
            )
            for build in builds
        ),
        drafts=tuple(
            typed.draft(offer, picked=key in picked)
            for key, offer in listed.items()
            if key not in uploaded
        ),
        found=shelf.found,
        total=shelf.total,
    )


def upload_now(session: Session, dialog: Dialog, version_id: UUID, typed: Typed) -> Upload:
    """Return how one upload is now; picked as soon as it is ready. Raises NotFoundError."""
    build = build_of(session, dialog, version_id)
    if build is None:
        raise NotFoundError("There is no such upload in this dialog.")
    offers = take(session, dialog, [version_id])
    return Upload(build=build, draft=typed.draft(offers[0], picked=True) if offers else None)


def choices_of(desk: Desk, typed: Typed, dialog: Dialog) -> list[Choice] | str:
    """Return what was chosen, else the key of the sentence that says what has to be put right."""
    picked = desk.picked
    if len(typed.picked) > MOST_CHOSEN:
        return "fault.many"
    if len(picked) < len(typed.picked):
        return "fault.gone"
    if not picked:
        return "fault.nothing"
    if len(picked) > 1 and not dialog.accept_multiple:
        return "fault.several"
    return choose(picked) or "fault.fields"
