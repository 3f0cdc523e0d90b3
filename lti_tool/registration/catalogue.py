"""The registrations of this installation, as an operator looks after them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.models import AccessToken, Deployment, LoginState, Registration, RegistrationState
from lti_tool.registration.agreement import Agreement, check, deployment_problems
from lti_tool.registration.errors import (
    AgreementError,
    RegistrationExistsError,
    RegistrationUnknownError,
)
from lti_tool.services.registrations import approve_deployments

_ID = re.compile(r"[0-9a-f-]{4,36}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A registration with its deployments, for people."""

    id: UUID
    name: str
    state: str
    platform: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    token_audience: str | None
    jwks_url: str
    allow_anonymous: bool
    created_at: datetime
    deployments: tuple[str, ...]
    waiting: tuple[str, ...]
    """Deployments that were met and are not approved."""


def add(session: Session, agreement: Agreement, *, state: RegistrationState) -> Registration:
    """Store a new registration.

    Raises AgreementError for what is malformed, RegistrationExistsError for the second one of an
    issuer and client id.
    """
    check(agreement)
    made = session.scalars(
        insert(Registration)
        .values(
            name=agreement.name.strip(),
            issuer=agreement.issuer,
            client_id=agreement.client_id,
            authorization_url=agreement.authorization_url,
            token_url=agreement.token_url,
            token_audience=agreement.token_audience,
            jwks_url=agreement.jwks_url,
            platform=agreement.platform,
            allow_anonymous=agreement.allow_anonymous,
            state=state,
        )
        .on_conflict_do_nothing(index_elements=["issuer", "client_id"])
        .returning(Registration)
    ).one_or_none()
    if made is None:
        raise RegistrationExistsError(
            session.scalars(
                select(Registration.id).where(
                    Registration.issuer == agreement.issuer,
                    Registration.client_id == agreement.client_id,
                )
            ).one()
        )
    approve_deployments(session, made.id, agreement.deployment_ids)
    return made


def entries(session: Session) -> list[Entry]:
    """Return all registrations, the newest first."""
    found = session.scalars(select(Registration).order_by(Registration.created_at.desc()))
    deployments: dict[UUID, list[Deployment]] = {}
    for row in session.scalars(select(Deployment).order_by(Deployment.created_at)):
        deployments.setdefault(row.registration_id, []).append(row)
    return [_entry(row, deployments.get(row.id, ())) for row in found]


def entry(session: Session, registration: Registration) -> Entry:
    """Return one registration with its deployments."""
    found = session.scalars(
        select(Deployment)
        .where(Deployment.registration_id == registration.id)
        .order_by(Deployment.created_at)
    )
    return _entry(registration, found.all())


def find(session: Session, reference: str) -> Registration:
    """Return the registration whose id begins like this; its row is locked.

    Raises RegistrationUnknownError if there is none, or if there are several.
    """
    wanted = reference.strip().lower()
    ids = session.scalars(select(Registration.id)).all() if _ID.fullmatch(wanted) else []
    found = [one for one in ids if str(one).startswith(wanted)]
    if not found:
        raise RegistrationUnknownError(
            f"There is no registration {reference[:40]!r}; `casebook registration list` shows all."
        )
    if len(found) > 1:
        raise RegistrationUnknownError(
            f"{len(found)} registrations have an id that begins with {wanted}; give more of it."
        )
    return session.scalars(
        select(Registration).where(Registration.id == found[0]).with_for_update()
    ).one()


def approve(session: Session, registration: Registration, deployment_ids: Iterable[str]) -> None:
    """Let a registration log in, and launch from these deployments, too.

    Without any deployment it may log in, so that its first launch, which is refused, tells one.
    Raises AgreementError for a malformed deployment id.
    """
    wanted = tuple(deployment_ids)
    problems = tuple(why for one in wanted for why in deployment_problems(one))
    if problems:
        raise AgreementError(problems)
    approve_deployments(session, registration.id, wanted)
    registration.state = RegistrationState.ACTIVE


def disable(session: Session, registration: Registration) -> None:
    """Refuse launches from now on and send no more scores; logins on their way are refused, too.

    Nothing that students did is lost, and pages that are open go on until their sessions end.
    """
    registration.state = RegistrationState.DISABLED
    for table in (AccessToken, LoginState):
        session.execute(delete(table).where(table.registration_id == registration.id))


def _entry(registration: Registration, deployments: Sequence[Deployment]) -> Entry:
    return Entry(
        id=registration.id,
        name=registration.name,
        state=registration.state.value,
        platform=registration.platform.value,
        issuer=registration.issuer,
        client_id=registration.client_id,
        authorization_url=registration.authorization_url,
        token_url=registration.token_url,
        token_audience=registration.token_audience,
        jwks_url=registration.jwks_url,
        allow_anonymous=registration.allow_anonymous,
        created_at=registration.created_at,
        deployments=tuple(one.deployment_id for one in deployments if one.approved),
        waiting=tuple(one.deployment_id for one in deployments if not one.approved),
    )
