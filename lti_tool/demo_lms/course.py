"""The courses and their people: one course to begin with, copies of it, the same people in all."""

import sqlite3
from dataclasses import dataclass

from lti_tool.demo_lms import vocab
from lti_tool.demo_lms.errors import CourseLimitError

COPIES = 20
"""Courses that may be made of the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """An LTI context."""

    id: str
    label: str
    title: str

    @property
    def is_first(self) -> bool:
        """Return whether this is the course that the demo begins with."""
        return self.id == COURSE.id

    def as_context(self) -> dict[str, str]:
        """Return how the services name it."""
        return {"id": self.id, "label": self.label, "title": self.title}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody enrolled in the course."""

    id: str
    """The LTI `sub` and `login_hint`."""
    given_name: str
    family_name: str
    role: str
    """A context role URI."""
    title: str = ""

    @property
    def name(self) -> str:
        """Return the full name as the course page shows it."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)

    @property
    def initials(self) -> str:
        """Return the two letters of the avatar."""
        return self.given_name[0] + self.family_name[0]

    @property
    def email(self) -> str:
        """Return an address in a domain that is reserved for examples."""
        return f"{self.given_name}.{self.family_name}@example.org".lower()

    @property
    def teaches(self) -> bool:
        """Return whether this person sees everybody's grades."""
        return self.role == vocab.INSTRUCTOR

    def as_member(self) -> dict[str, object]:
        """Return the roster's entry, as the specification's own examples have it."""
        return {
            "user_id": self.id,
            "status": "Active",
            "roles": [self.role],
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": self.email,
        }

    @property
    def role_name(self) -> str:
        """Return the role in a word."""
        return "Teacher" if self.teaches else "Student"


COURSE = Course(id="2", label="DS101", title="Data Science Basics")

PEOPLE = (
    Person(id="101", given_name="Ada", family_name="Moreno", role=vocab.LEARNER),
    Person(id="102", given_name="Ben", family_name="Okafor", role=vocab.LEARNER),
    Person(id="201", given_name="Ines", family_name="Vogel", role=vocab.INSTRUCTOR, title="Dr."),
)
STUDENTS = tuple(person for person in PEOPLE if not person.teaches)
_BY_ID = {person.id: person for person in PEOPLE}


def person_by_id(person_id: str | None) -> Person | None:
    """Return the enrolled person, or None for an id of nobody."""
    return _BY_ID.get(person_id) if person_id is not None else None


def all_courses(connection: sqlite3.Connection) -> tuple[Course, ...]:
    """Return the first course and its copies, the oldest first."""
    rows = connection.execute("SELECT id, label, title FROM course_copy ORDER BY id")
    return (COURSE, *(_copied(row) for row in rows))


def course_by_id(connection: sqlite3.Connection, course_id: str) -> Course | None:
    """Return the course, or None for an id of none."""
    return next((course for course in all_courses(connection) if course.id == course_id), None)


def add_copy(connection: sqlite3.Connection, original: Course) -> Course:
    """Make a course that is called after another one; it is empty.

    Raises:
        CourseLimitError: there are too many copies.
    """
    count = len(all_courses(connection))
    if count > COPIES:
        raise CourseLimitError(f"The demo keeps {COPIES} copies; there is no room for another.")
    label, title = original.label.partition(" copy")[0], original.title.partition(", copy")[0]
    row = connection.execute(
        "INSERT INTO course_copy (label, title) VALUES (?, ?) RETURNING id, label, title",
        (f"{label} copy {count}", f"{title}, copy {count}"),
    ).fetchone()
    return _copied(row)


def _copied(row: sqlite3.Row) -> Course:
    return Course(id=f"copy-{row['id']}", label=row["label"], title=row["title"])
