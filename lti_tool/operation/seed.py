"""What the demo starts with: its LMS's registration, and the example cases, built."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

import notebooks
from config.database import Database
from config.errors import ConfigError
from config.settings import Settings
from lti_tool.demo_lms.registration import demo_registration
from lti_tool.services.registrations import add_registration
from notebooks.cases.models import BuildState, CaseVersion
from notebooks.cases.service import build_lock, request_build, store_case
from notebooks.objects import FileSystemStore


def example_cases() -> list[Path]:
    """Return the folders of the cases that come with Casebook."""
    root = Path(notebooks.__path__[0]) / "examples"
    return sorted(path.parent for path in root.glob("*/case.yaml"))


def seed_demo(database: Database, settings: Settings) -> list[UUID]:
    """Register the demo LMS and store the example cases; returns the versions to be built.

    Safe to run at every start: what is there already stays, and a build that failed or was cut
    short is asked for again.
    """
    registration = demo_registration(settings)
    objects = FileSystemStore(settings.objects_dir)
    versions = []
    with database.transaction() as session:
        add_registration(
            session,
            issuer=registration.issuer,
            client_id=registration.client_id,
            authorization_url=registration.authorization_url,
            token_url=registration.token_url,
            jwks_url=registration.jwks_url,
            deployment_ids=[registration.deployment_id],
            name="Demo LMS",
        )
        for folder in example_cases():
            version = store_case(session, objects, slug=folder.name, path=folder)
            session.flush()
            versions.append(version.id)
            request_build(session, version)
    return versions


class CaseBuilds:
    """Follows the builds of case versions and says what changes."""

    def __init__(
        self, database: Database, versions: Sequence[UUID], say: Callable[[str], None]
    ) -> None:
        self._database = database
        self._versions = versions
        self._say = say
        self._seen: dict[UUID, BuildState] = {}
        self._without_job: set[UUID] = set()

    def are_ready(self) -> bool:
        """Say whether all builds are done.

        Raises:
            ConfigError: one failed; the message holds its problems.
        """
        with self._database.transaction() as session:
            for key in self._versions:
                version = session.get_one(CaseVersion, key)
                if self._seen.get(key) is not version.state:
                    self._tell(version)
                    self._seen[key] = version.state
                if version.state is not BuildState.READY:
                    self._require_job(session, version)
        return all(state is BuildState.READY for state in self._seen.values())

    def _require_job(self, session: Session, version: CaseVersion) -> None:
        """Notice a build that ended without a word; the state is committed before the job goes."""
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = :lock")
        if session.execute(query, {"lock": build_lock(version.id)}).scalar_one():
            self._without_job.discard(version.id)
        elif version.id in self._without_job:
            raise ConfigError(
                f"the build of the case {version.case.slug!r} was given up; "
                "the worker's log says why"
            )
        else:
            self._without_job.add(version.id)

    def _tell(self, version: CaseVersion) -> None:
        if version.state is BuildState.FAILED:
            problems = "\n".join(f"  {_in_words(problem)}" for problem in version.problems)
            raise ConfigError(f"the case {version.case.slug!r} could not be built:\n{problems}")
        first = version.id not in self._seen
        if version.state is BuildState.READY and first:
            return
        hint = " (the first time takes a minute)" if version.state is BuildState.BUILDING else ""
        self._say(f"case {version.case.slug}: {version.state.value}{hint}")


def _in_words(problem: dict[str, object]) -> str:
    place = ", ".join(
        f"{name} {problem[name]}" for name in ("file", "cell", "line") if problem.get(name)
    )
    return f"{place}: {problem.get('message')}" if place else str(problem.get("message"))
