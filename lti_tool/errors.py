"""The error tree of the LTI tool; the Flask handler maps each class to a status and a page."""


class LtiToolError(Exception):
    """Root of everything that the tool raises on purpose."""
