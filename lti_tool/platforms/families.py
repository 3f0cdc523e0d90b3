"""Which class speaks for which product."""

from collections.abc import Mapping
from typing import Final

from lti_tool.models.registration import PlatformFamily
from lti_tool.platforms.base import Platform
from lti_tool.platforms.canvas import Canvas
from lti_tool.platforms.generic import Generic
from lti_tool.platforms.moodle import Moodle
from lti_tool.platforms.open_edx import OpenEdx

FAMILIES: Final[Mapping[str, PlatformFamily]] = {
    "moodle": PlatformFamily.MOODLE,
    "canvas": PlatformFamily.CANVAS,
}
"""Products by the code that they give for themselves; Open edX registers no tool by itself."""

PLATFORMS: Final[Mapping[PlatformFamily, Platform]] = {
    PlatformFamily.GENERIC: Generic(),
    PlatformFamily.MOODLE: Moodle(),
    PlatformFamily.CANVAS: Canvas(),
    PlatformFamily.OPEN_EDX: OpenEdx(),
}
