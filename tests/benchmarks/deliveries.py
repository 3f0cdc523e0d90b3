"""Scores of many students through platforms that fail a fifth of all calls; the worker is killed.

`python -m tests.benchmarks.deliveries [SCORES] [STUDENTS] [KILLS]`; 10000 500 10 by default.
Half of the students are on a platform that behaves as Moodle does, half on one like Canvas. Each
score comes twice, as with a model: first with its words unfinished, then with all of them. A score
counts as delivered when the grade book shows it or a newer one.
"""

import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.certificates import ensure_authority, issue
from config.database import Database, connect
from config.migrate import upgrade
from config.postgres import EmbeddedPostgres
from config.roles import Role
from config.settings import Settings
from grading import deliveries
from grading.models import (
    DeliveryState,
    ScoreDelivery,
    SubtaskResult,
    Validation,
    ValidationState,
)
from grading.verdict import Verdict
from lti_tool.models import PlatformFamily
from lti_tool.services.keys import KeyStore
from notebooks.cases.models import CaseVersion
from notebooks.cases.profile import Profile, Subtask
from tests.benchmarks.report import Figure, print_report
from tests.benchmarks.worker import Worker
from tests.fakes.canvas import Canvas
from tests.fakes.gradebook import Entry
from tests.fakes.moodle import Moodle
from tests.fakes.platform import Fault, Seen, serve
from tests.lti_tool.services.conftest import place

POINTS = 10
FAILING = 0.2
"""Share of calls that fail."""
END_SECONDS = 1200
"""How long everything may take after the last score: retries back off, and leases run out."""
WORDS = re.compile(r"Version (\d+)")
"""What each comment says of itself."""


class Weather:
    """Faults by chance, for every call."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - no secret
        self.calls = 0
        self.failed = 0

    def __call__(self, seen: Seen) -> Fault | None:
        self.calls += 1
        if self._chance.random() >= FAILING:
            return None
        self.failed += 1
        kinds = [
            Fault(seen.path, status=self._chance.choice([500, 502, 503])),
            Fault(seen.path, status=504, after_write=True),
            Fault(seen.path, drop=True),
            Fault(seen.path, drop=True, after_write=True),
            Fault(seen.path, delay_seconds=1.5, drop=True, after_write=True),
            Fault(seen.path, status=429, headers={"Retry-After": "1"}),
            Fault(seen.path, status=409),
        ]
        return self._chance.choices(kinds, weights=[4, 3, 3, 5, 1, 1, 3])[0]


@dataclass
class Student:
    """One student's attempt, and what the grade book has to show in the end."""

    attempt_id: UUID
    entry: Entry
    keeps_comments: bool
    validation_id: UUID = field(default_factory=uuid4)
    version: int = 0
    points: int = 0

    def earn(self, session: Session, chance: random.Random) -> None:
        """Have other points, with words that are not finished yet."""
        self.version += 1
        self.points = chance.choice([n for n in range(POINTS + 1) if n != self.points])
        session.merge(
            Validation(
                id=self.validation_id,
                attempt_id=self.attempt_id,
                subtask="s",
                revision=1,
                cells=[],
                state=ValidationState.DONE,
                feedback=f"Version {self.version}, in short.",
            )
        )
        session.flush()
        session.merge(
            SubtaskResult(
                attempt_id=self.attempt_id,
                subtask="s",
                validation_id=self.validation_id,
                verdict=Verdict.NEEDS_WORK,
                points=self.points,
            )
        )
        session.flush()
        deliveries.want(session, self.attempt_id, public_url="https://tool.example", settled=False)

    def explain(self, session: Session) -> None:
        """Have the words of the newest score finished."""
        session.get_one(Validation, self.validation_id).feedback = f"Version {self.version}, all."
        session.flush()
        deliveries.want(session, self.attempt_id, public_url="https://tool.example")

    @property
    def wrong(self) -> bool:
        """Tell whether the grade book shows something else than the newest points and words."""
        told = [int(number) for text in self.entry.comments for number in WORDS.findall(text)]
        if self.entry.share != self.points / POINTS or told[-1:] != [self.version]:
            return True
        return not self.keeps_comments and "all" not in self.entry.comments[-1]

    @property
    def duplicates(self) -> int:
        """Return how many comments tell of a version that another one told of before."""
        told = Counter(number for text in self.entry.comments for number in WORDS.findall(text))
        return sum(times - 1 for times in told.values())


@contextmanager
def installation() -> Iterator[tuple[Settings, Database]]:
    """Yield what a worker needs: certificates, keys and a real, durable PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as folder:
        settings = Settings(state_dir=Path(folder) / "state", http_timeout_seconds=1)
        server = EmbeddedPostgres(settings)
        server.start()
        upgrade(server.url())
        settings = settings.model_copy(update={"database_url": SecretStr(server.url())})
        authority = ensure_authority(settings.certificates_dir / "authority")
        issue(authority, Role.WORKER, settings.certificates_dir / Role.WORKER, timedelta(days=1))
        engine = connect(server.url())
        try:
            yield settings, Database(engine)
        finally:
            engine.dispose()
            server.stop()


def enrol(database: Database, moodle: Moodle, canvas: Canvas, count: int) -> list[Student]:
    """Place one activity on each platform and give each student an attempt there."""
    courses = [
        place(database, moodle, PlatformFamily.MOODLE),
        place(database, canvas, PlatformFamily.CANVAS),
    ]
    profile = Profile(title="Wine", subtasks=(Subtask(id="s", title="Read", points=POINTS),))
    with database.transaction() as session:
        for version in session.scalars(select(CaseVersion)):
            version.profile = profile.model_dump(mode="json")
    students = []
    for number in range(count):
        course, platform = ((courses[0], moodle), (courses[1], canvas))[number % 2]
        sub = f"student-{number}"
        attempt_id = course.attempt(sub, score=0)
        with database.transaction() as session:
            session.delete(session.get_one(ScoreDelivery, attempt_id))
        students.append(Student(attempt_id, platform.book.of(sub), platform is canvas))
    return students


def produce(
    database: Database, students: list[Student], scores: int, worker: Worker, kills: int
) -> None:
    """Let students earn their scores in a random order, and kill the worker on the way."""
    chance = random.Random(7)  # noqa: S311 - no secret
    order = [students[number % len(students)] for number in range(scores)]
    chance.shuffle(order)
    unexplained: list[Student] = []
    for number, student in enumerate(order, 1):
        with database.transaction() as session:
            student.earn(session, chance)
        unexplained.append(student)
        if len(unexplained) > 5:
            late = unexplained.pop(chance.randrange(len(unexplained)))
            with database.transaction() as session:
                late.explain(session)
        if kills and number % max(scores // kills, 1) == 0 and worker.kills < kills:
            worker.kill_and_restart()
    for student in unexplained:
        with database.transaction() as session:
            student.explain(session)


def wait_until_sent(database: Database) -> dict[DeliveryState, int]:
    """Wait until nothing is on its way any more; return how many deliveries ended how."""
    limit = time.monotonic() + END_SECONDS
    while True:
        with database.transaction() as session:
            states = Counter(session.scalars(select(ScoreDelivery.state)))
        if not states[DeliveryState.PENDING] or time.monotonic() > limit:
            return dict(states)
        time.sleep(0.5)


def main(scores: int = 10_000, students: int = 500, kills: int = 10) -> int:
    """Deliver everything and print what came of it."""
    with installation() as (settings, database):
        keys = KeyStore(settings.keys_dir)
        with serve(Moodle(keys.key_set)) as moodle, serve(Canvas(keys.key_set)) as canvas:
            moodle.weather, canvas.weather = storms = (Weather(1), Weather(2))
            enrolled = enrol(database, moodle, canvas, students)
            with Worker(settings) as worker:
                began = time.monotonic()
                produce(database, enrolled, scores, worker, kills)
                produced = time.monotonic() - began
                states = wait_until_sent(database)
                seconds = time.monotonic() - began
                killed = worker.kills
    calls, failed = sum(s.calls for s in storms), sum(s.failed for s in storms)
    taken = sum(len(student.entry.taken) for student in enrolled)
    print(
        f"{scores} scores of {students} students in {produced:.0f} s, all sent after"
        f" {seconds:.0f} s; {calls} calls, {failed / calls:.1%} failed; {taken} posts taken;"
        f" worker killed {killed} times; {', '.join(f'{n} {state}' for state, n in states.items())}"
    )
    wrong = sum(student.wrong for student in enrolled)
    duplicates = sum(student.duplicates for student in enrolled if student.keeps_comments)
    print_report(
        [
            Figure("wrong_final_grades", wrong, "", students),
            Figure("duplicate_comments", duplicates, "", scores),
            Figure("deliveries_per_second", round(scores / seconds, 1), "1/s", scores),
        ]
    )
    return 0 if not wrong and not duplicates else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
