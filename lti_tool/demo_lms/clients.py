"""The tool's registrations here: the one that the demo starts with, and those it made itself.

https://www.imsglobal.org/spec/lti-dr/v1p0
"""

import hashlib
import secrets
import sqlite3
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.errors import BearerError, ServiceError
from lti_tool.demo_lms.registration import DemoRegistration, ToolEndpoints

TOKEN_SECONDS = 3600
LIMIT = 50
"""Registrations that the platform keeps; the oldest go."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: str
    target_link_uri: str | None = None


class _ToolConfiguration(BaseModel):
    model_config = ConfigDict(frozen=True)

    domain: str
    target_link_uri: str
    messages: list[_Message] = Field(default=[], max_length=20)


class _Body(BaseModel):
    """What a tool says about itself; more is taken and not looked at."""

    model_config = ConfigDict(frozen=True)

    application_type: str
    response_types: list[str]
    grant_types: list[str]
    initiate_login_uri: str
    redirect_uris: list[str]
    client_name: str = Field(min_length=1, max_length=100)
    jwks_uri: str
    token_endpoint_auth_method: str
    scope: str = ""
    tool: _ToolConfiguration = Field(alias=vocab.TOOL_CONFIGURATION)


@dataclass(frozen=True, slots=True)
class Client:
    """A registration that the tool made itself."""

    client_id: str
    deployment_id: str
    name: str
    in_use: bool
    """Whether activities are opened by it."""
    choice_url: str | None = None
    """Where the tool lets teachers choose; None if it does not."""


def begin(connection: sqlite3.Connection) -> str:
    """Return a new token that is good for one registration."""
    token = secrets.token_urlsafe(32)
    now = time.time()
    connection.execute("DELETE FROM registration_token WHERE expires_at < ?", (now,))
    connection.execute(
        "INSERT INTO registration_token (digest, expires_at) VALUES (?, ?)",
        (_digest(token), now + TOKEN_SECONDS),
    )
    return token


def take_token(connection: sqlite3.Connection, header: str | None) -> None:
    """Use up the token in an Authorization header. Raises BearerError."""
    scheme, _, token = (header or "").partition(" ")
    found = connection.execute(
        "DELETE FROM registration_token WHERE digest = ? AND expires_at >= ?",
        (_digest(token), time.time()),
    )
    if scheme.lower() != "bearer" or found.rowcount == 0:
        raise BearerError(
            401, "The registration token is unknown, used or expired", error="invalid_token"
        )


def parse(body: bytes, tool: ToolEndpoints) -> _Body:
    """Return a tool's registration. Raises ServiceError for another tool or a malformed body."""
    try:
        read = _Body.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise _refused(f"{where}: {first['msg']}") from error
    rules = (
        (read.application_type == "web", "application_type: must be web"),
        ("id_token" in read.response_types, "response_types: must hold id_token"),
        (
            {"implicit", "client_credentials"} <= set(read.grant_types),
            "grant_types: must hold implicit and client_credentials",
        ),
        (
            read.token_endpoint_auth_method == vocab.PRIVATE_KEY_JWT,
            "token_endpoint_auth_method: must be private_key_jwt",
        ),
        (
            read.tool.domain == urlsplit(read.tool.target_link_uri).netloc,
            "domain: must be the host of target_link_uri",
        ),
        (
            read.tool.target_link_uri == tool.launch_url
            and read.initiate_login_uri == tool.login_url
            and read.jwks_uri == tool.jwks_url
            and tool.launch_url in read.redirect_uris,
            f"This platform frames one tool only, which is {tool.origin}",
        ),
        (
            (_choice_url(read.tool) or tool.launch_url).startswith(f"{tool.origin}/"),
            f"messages: each target_link_uri must lie on {tool.origin}",
        ),
    )
    for holds, problem in rules:
        if not holds:
            raise _refused(problem)
    return read


def register(connection: sqlite3.Connection, body: _Body) -> Client:
    """Store a registration, which an administrator has still to put to use."""
    client = Client(
        client_id=f"casebook-{secrets.token_hex(4)}",
        deployment_id=f"deployment-{secrets.token_hex(4)}",
        name=body.client_name,
        in_use=False,
        choice_url=_choice_url(body.tool),
    )
    connection.execute(
        "INSERT INTO client (client_id, deployment_id, name, in_use, choice_url)"
        " VALUES (?, ?, ?, 0, ?)",
        (client.client_id, client.deployment_id, client.name, client.choice_url),
    )
    connection.execute(
        "DELETE FROM client WHERE in_use = 0 AND id NOT IN"
        " (SELECT id FROM client ORDER BY id DESC LIMIT ?)",
        (LIMIT,),
    )
    return client


def answer(body: _Body, client: Client) -> dict[str, Any]:
    """Return what the tool is told: its own words, and its names here."""
    said = body.model_dump(by_alias=True, mode="json")
    configuration = {**said[vocab.TOOL_CONFIGURATION], "deployment_id": client.deployment_id}
    return {**said, "client_id": client.client_id, vocab.TOOL_CONFIGURATION: configuration}


def all_clients(connection: sqlite3.Connection) -> list[Client]:
    """Return the registrations that the tool made itself, the newest first."""
    rows = connection.execute(
        "SELECT client_id, deployment_id, name, in_use, choice_url FROM client ORDER BY id DESC"
    )
    return [
        Client(
            client_id=row["client_id"],
            deployment_id=row["deployment_id"],
            name=row["name"],
            in_use=bool(row["in_use"]),
            choice_url=row["choice_url"],
        )
        for row in rows
    ]


def use(connection: sqlite3.Connection, client_id: str | None) -> None:
    """Open activities by this registration from now on; None: by the one of the beginning."""
    connection.execute("UPDATE client SET in_use = (client_id IS ?)", (client_id,))


def in_use(connection: sqlite3.Connection, first: DemoRegistration) -> DemoRegistration:
    """Return the registration by which activities are opened."""
    chosen = next((one for one in all_clients(connection) if one.in_use), None)
    return first if chosen is None else _of(first, chosen)


def choice_url(
    connection: sqlite3.Connection, tool: ToolEndpoints, registration: DemoRegistration
) -> str | None:
    """Return where the tool lets a teacher choose; None if its registration names no such place."""
    for one in all_clients(connection):
        if one.client_id == registration.client_id:
            return one.choice_url
    return tool.choice_url


def by_id(
    connection: sqlite3.Connection, first: DemoRegistration, client_id: str | None
) -> DemoRegistration:
    """Return the registration of a client id; that of the beginning for an unknown one."""
    found = next((one for one in all_clients(connection) if one.client_id == client_id), None)
    return first if found is None else _of(first, found)


def _of(first: DemoRegistration, client: Client) -> DemoRegistration:
    return replace(first, client_id=client.client_id, deployment_id=client.deployment_id)


def _choice_url(tool: _ToolConfiguration) -> str | None:
    for message in tool.messages:
        if message.type == vocab.DEEP_LINKING_REQUEST:
            return message.target_link_uri or tool.target_link_uri
    return None


def _refused(problem: str) -> ServiceError:
    return ServiceError(400, problem, error="invalid_client_metadata")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
