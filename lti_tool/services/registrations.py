"""Registrations: adding them, finding the one that a login or a launch belongs to."""

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.launch.errors import UnknownPlatformError
from lti_tool.models import Deployment, PlatformFamily, Registration, RegistrationState

MOST_WAITING = 20
"""Deployments of one registration that wait for approval."""
IDENTIFIER = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?")
"""Up to 255 visible ASCII characters, as client ids and deployment ids are."""


def add_registration(  # noqa: PLR0913 - one keyword for each thing that the two sides agree on
    session: Session,
    *,
    issuer: str,
    client_id: str,
    authorization_url: str,
    token_url: str,
    jwks_url: str,
    deployment_ids: Iterable[str],
    platform: str = PlatformFamily.GENERIC,
    name: str,
    token_audience: str | None = None,
    allow_anonymous: bool = False,
) -> Registration:
    """Add or update the registration of an issuer and client id; safe to run at every start.

    Deployments are added, never taken away; the state of an existing registration stays.
    """
    agreed = {
        "name": name,
        "authorization_url": authorization_url,
        "token_url": token_url,
        "token_audience": token_audience,
        "jwks_url": jwks_url,
        "platform": PlatformFamily(platform),
        "allow_anonymous": allow_anonymous,
    }
    registration = session.scalars(
        insert(Registration)
        .values(issuer=issuer, client_id=client_id, **agreed)
        .on_conflict_do_update(index_elements=["issuer", "client_id"], set_=agreed)
        .returning(Registration),
        execution_options={"populate_existing": True},
    ).one()
    approve_deployments(session, registration.id, deployment_ids)
    return registration


def approve_deployments(
    session: Session, registration_id: UUID, deployment_ids: Iterable[str]
) -> None:
    """Let launches of these deployments in, be they new or met before."""
    for deployment_id in deployment_ids:
        session.execute(
            insert(Deployment)
            .values(registration_id=registration_id, deployment_id=deployment_id, approved=True)
            .on_conflict_do_update(
                index_elements=["registration_id", "deployment_id"], set_={"approved": True}
            )
        )


def note_deployment(session: Session, registration_id: UUID, deployment_id: str) -> None:
    """Remember a deployment that the platform named, for an operator to approve.

    Some platforms tell it by a launch only (Canvas). What lies beyond a bound is forgotten.
    """
    waiting = session.scalar(
        select(func.count())
        .select_from(Deployment)
        .where(Deployment.registration_id == registration_id, ~Deployment.approved)
    )
    if waiting is not None and waiting < MOST_WAITING and IDENTIFIER.fullmatch(deployment_id):
        session.execute(
            insert(Deployment)
            .values(registration_id=registration_id, deployment_id=deployment_id, approved=False)
            .on_conflict_do_nothing()
        )


def find_for_login(session: Session, *, issuer: str, client_id: str | None) -> Registration:
    """Return the active registration that a login request means.

    A platform may leave the client id out where there is only one. Raises UnknownPlatformError.
    """
    query = select(Registration).where(
        Registration.issuer == issuer, Registration.state == RegistrationState.ACTIVE
    )
    if client_id is not None:
        query = query.where(Registration.client_id == client_id)
    found = session.scalars(query.limit(2)).all()
    if not found:
        raise UnknownPlatformError("No active registration has this issuer and client id")
    if len(found) > 1:
        raise UnknownPlatformError("Several registrations have this issuer: client_id is needed")
    return found[0]


def find_for_launch(session: Session, registration_id: UUID) -> tuple[Registration, frozenset[str]]:
    """Return an active registration and its approved deployments.

    Raises UnknownPlatformError if there is no such registration, or it is not active.
    """
    registration = session.get(Registration, registration_id)
    if registration is None or registration.state != RegistrationState.ACTIVE:
        raise UnknownPlatformError("The registration of this login is not active")
    deployments = session.scalars(
        select(Deployment.deployment_id).where(
            Deployment.registration_id == registration_id, Deployment.approved
        )
    )
    return registration, frozenset(deployments)
