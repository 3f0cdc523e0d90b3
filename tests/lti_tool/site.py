"""A wired application on a real database, with people who have launched an activity."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import QueuePool
from werkzeug.test import TestResponse

from config.database import Database, utcnow
from config.settings import Settings
from lti_tool.extensions import db
from lti_tool.models import Assignment, Deployment, LtiUser, Registration
from lti_tool.models.launch_session import CourseRole, LaunchSession
from lti_tool.sessions.tickets import new_ticket
from lti_tool.sessions.tokens import Purpose
from lti_tool.wiring import Wiring
from notebooks.attempts.document import Cell
from notebooks.attempts.service import open_attempt
from notebooks.cases.models import BuildState, Case, CaseVersion
from notebooks.cases.profile import Profile, Subtask
from notebooks.errors import KernelError
from notebooks.journal import log
from notebooks.kernels.errors import KernelMissingError
from notebooks.kernels.records import (
    CodePosition,
    Completion,
    Inspection,
    KernelState,
    KernelStatus,
    Variable,
    Variables,
)

PLATFORM = "http://127.0.0.1:8000"
RUNNER = "https://localhost:8002"

PROFILE = Profile(
    title="Wine & <cheese>",
    description="Look at the *table* first.",
    subtasks=(
        Subtask(id="load", title="Load it", points=4, interface=("wine",)),
        Subtask(id="split", title="Split it", points=6, interface=("train", "test")),
    ),
)
TEMPLATE = (
    Cell(id="intro", kind="markdown", source="# Wine\n\nA **table**."),
    Cell(id="c1", kind="code", source="wine = ...", subtask="load"),
    Cell(id="c2", kind="code", source="train = ...", subtask="split"),
)


def json_of(response: TestResponse) -> Any:
    """Return a response's JSON body."""
    return json.loads(response.text)


@dataclass
class FakeAttendant:
    """A runner that answers at once, or is away; without a state it has no kernel."""

    away: bool = False
    state: KernelState | None = "idle"
    stopped: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str, CodePosition | None]] = field(default_factory=list)
    restarted: list[tuple[str, str]] = field(default_factory=list)

    def status(self, url: str, attempt_id: str) -> KernelStatus | None:
        self._reach(url, attempt_id)
        if self.state is None:
            return None
        return KernelStatus(state=self.state, position=3 if self.state == "queued" else None)

    def stop(self, url: str, attempt_id: str) -> None:
        self._reach(url, attempt_id)
        if self.state is None:
            raise KernelMissingError("there is no kernel")
        self.stopped.append((url, attempt_id))

    def complete(self, url: str, attempt_id: str, place: CodePosition) -> Completion:
        self._ask(url, attempt_id, place)
        return Completion(matches=("wine_data",), start=0, end=place.cursor)

    def inspect(self, url: str, attempt_id: str, place: CodePosition) -> Inspection:
        self._ask(url, attempt_id, place)
        return Inspection(text="A table.")

    def variables(self, url: str, attempt_id: str) -> Variables:
        self._ask(url, attempt_id, None)
        return Variables(variables=(Variable(name="wine", type="DataFrame", size="3"),), omitted=2)

    def _ask(self, url: str, attempt_id: str, place: CodePosition | None) -> None:
        self._reach(url, attempt_id)
        if self.state is None:
            raise KernelMissingError("there is no kernel")
        self.asked.append((url, attempt_id, place))

    def restart(self, url: str, attempt_id: str) -> None:
        self._reach(url, attempt_id)
        if self.state is None:
            raise KernelMissingError("there is no kernel")
        self.restarted.append((url, attempt_id))

    def _reach(self, url: str, attempt_id: str) -> None:
        if self.away:
            raise KernelError(f"{url} does not answer for {attempt_id}")


@dataclass(frozen=True, kw_only=True)
class Launched:
    """One launch, as the browser and the server know it."""

    session_id: UUID
    attempt_id: UUID
    stream_id: UUID
    ticket: str
    token: str

    @property
    def page(self) -> str:
        return f"/workspace/{self.session_id}"

    @property
    def api(self) -> str:
        return f"/api/attempts/{self.attempt_id}"

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, kw_only=True)
class Site:
    """The application and everything around it."""

    app: Flask
    database: Database
    settings: Settings
    attendant: FakeAttendant
    assignment_id: UUID

    @property
    def wiring(self) -> Wiring:
        wiring = self.app.extensions["casebook"]
        assert isinstance(wiring, Wiring)
        return wiring

    def launch(
        self,
        *,
        role: CourseRole = CourseRole.LEARNER,
        age: timedelta = timedelta(0),
        lasts: timedelta = timedelta(hours=12),
    ) -> Launched:
        """Let a new person launch the activity; `age` ago, for `lasts` from then on."""
        (ticket, ticket_hash), began = new_ticket(), utcnow() - age
        with self.database.transaction() as session:
            assignment = session.get_one(Assignment, self.assignment_id)
            user = LtiUser(registration_id=assignment.registration_id, sub=uuid4().hex)
            session.add(user)
            session.flush()
            attempt = open_attempt(
                session,
                assignment_key=str(assignment.id),
                learner_key=str(user.id),
                case_version_id=assignment.case_version_id,
                graded=True,
            )
            attempt.runner_url = RUNNER
            launch = LaunchSession(
                user_id=user.id,
                assignment_id=assignment.id,
                attempt_id=attempt.id,
                role=role,
                frame_ancestor=PLATFORM,
                ticket_hash=ticket_hash,
                created_at=began,
                expires_at=began + lasts,
            )
            session.add(launch)
            session.flush()
            return Launched(
                session_id=launch.id,
                attempt_id=attempt.id,
                stream_id=attempt.stream_id,
                ticket=ticket,
                token=self.wiring.tokens.sign(launch.id, Purpose.BEARER),
            )

    def happen(self, launched: Launched, *numbers: int) -> None:
        """Write one event per number into the attempt's journal."""
        for number in numbers:
            with self.database.transaction() as session:
                log.append(session, launched.stream_id, "test.happened", {"number": number})

    def connections_in_use(self) -> int:
        """Return how many of the web's pooled connections are out right now."""
        with self.app.app_context():
            pool = db.engine.pool
            assert isinstance(pool, QueuePool)
            return pool.checkedout()


def seed(database: Database) -> UUID:
    """Return the id of an assignment of a ready case in a registered platform's course."""
    with database.transaction() as session:
        registration = Registration(
            name="Test",
            issuer=PLATFORM,
            client_id="casebook",
            authorization_url=f"{PLATFORM}/authorize",
            token_url=f"{PLATFORM}/token",
            jwks_url=f"{PLATFORM}/jwks",
        )
        case = Case(slug="wine")
        session.add_all([registration, case])
        session.flush()
        version = CaseVersion(
            case_id=case.id,
            number=1,
            content_hash="0" * 64,
            title=PROFILE.title,
            profile=PROFILE.model_dump(mode="json"),
            template=[cell.model_dump(mode="json") for cell in TEMPLATE],
            archive_key="cases/wine",
            state=BuildState.READY,
            environment="e" * 16,
            stream_id=log.create_stream(session),
        )
        deployment = Deployment(registration_id=registration.id, deployment_id="1")
        session.add_all([version, deployment])
        session.flush()
        assignment = Assignment(
            registration_id=registration.id,
            deployment_id="1",
            resource_link_id="wine-1",
            title="Wine",
            case_version_id=version.id,
        )
        session.add(assignment)
        session.flush()
        return assignment.id


def build_front_end(folder: Path) -> Path:
    """Write what Vite would: a manifest, an entry with an import and a style, compressed twins."""
    assets = folder / "dist" / "assets"
    assets.mkdir(parents=True)
    (folder / "dist" / ".vite").mkdir()
    manifest = {
        "src/main.tsx": {
            "file": "assets/main-a1.js",
            "css": ["assets/main-b2.css"],
            "imports": ["_shared.js"],
            "isEntry": True,
        },
        "_shared.js": {"file": "assets/shared-c3.js"},
    }
    (folder / "dist" / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    for name in ("main-a1.js", "main-a1.js.br", "main-a1.js.gz", "shared-c3.js", "main-b2.css"):
        (assets / name).write_text(f"/* {name} */")
    (folder / "css").mkdir()
    (folder / "css" / "pages.css").write_text("/* pages */")
    return folder
