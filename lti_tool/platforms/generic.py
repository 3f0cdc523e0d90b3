"""A platform of which nothing but the specification is known; also the demo LMS."""

from lti_tool.platforms.base import Platform


class Generic(Platform):
    """Keeps to the specification."""
