"""The course and its people: constants, for there is nothing to administer in a demo."""

from dataclasses import dataclass

from lti_tool.demo_lms import vocab


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The one course, an LTI context."""

    id: str
    label: str
    title: str


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
