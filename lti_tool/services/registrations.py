"""Registrations: adding them, finding the one that a login or a launch belongs to."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from lti_tool.launch.errors import UnknownPlatformError
from lti_tool.models import Deployment, PlatformFamily, Registration, RegistrationState


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
    for deployment_id in deployment_ids:
        session.execute(
            insert(Deployment)
            .values(registration_id=registration.id, deployment_id=deployment_id)
            .on_conflict_do_nothing()
        )
    return registration


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
    """Return an active registration and its deployments; raises UnknownPlatformError if none."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.state != RegistrationState.ACTIVE:
        raise UnknownPlatformError("The registration of this login is not active")
    deployments = session.scalars(
        select(Deployment.deployment_id).where(Deployment.registration_id == registration_id)
    )
    return registration, frozenset(deployments)
