"""The activities of a course, and those that the demo begins with: one per example case on disk."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel, Field, ValidationError

import notebooks
from lti_tool.demo_lms.course import COURSE

EXAMPLES = Path(notebooks.__file__).parent / "examples"
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_log = logging.getLogger(__name__)


class _Subtask(BaseModel):
    points: float = Field(default=0, ge=0, allow_inf_nan=False)


class _Profile(BaseModel):
    title: str = Field(min_length=1)
    subtasks: tuple[_Subtask, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A case placed in the course, an LTI resource link."""

    slug: str
    title: str
    points: float | None
    """Maximum of the coupled grade item; None where there is none."""
    subtasks: int | None = None
    """None where only the tool knows."""
    course_id: str = COURSE.id
    url: str | None = None
    """Where the tool wants its launches; None for its one launch URL."""
    custom: Mapping[str, str] = field(default_factory=dict)
    """Parameters that go with every launch."""

    @property
    def resource_link_id(self) -> str:
        """Return the id that the tool knows this placement by."""
        return f"demo-{self.slug}"


def read_activities(folder: Path = EXAMPLES) -> tuple[Activity, ...]:
    """Return one activity per case folder, by name; an unreadable one is logged and left out."""
    found = (_read(path) for path in sorted(folder.glob("*/case.yaml")))
    return tuple(activity for activity in found if activity is not None)


def _read(path: Path) -> Activity | None:
    slug = path.parent.name
    if not _SLUG.fullmatch(slug):
        _log.warning("%s: left out, rename the folder to lower-case letters, digits, - and _", path)
        return None
    try:
        profile = _Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        _log.warning("%s: left out, not a case profile: %s", path, error)
        return None
    points = sum(subtask.points for subtask in profile.subtasks)
    return Activity(
        slug=slug,
        title=profile.title,
        subtasks=len(profile.subtasks),
        points=points or 100,
        custom={"case": slug},
    )
