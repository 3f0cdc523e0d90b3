"""The error tree of grading."""


class GradingError(Exception):
    """Root of everything that grading raises on purpose."""


class CasePreparationError(GradingError):
    """The ideal solution does not run, or a probe cannot be answered by it."""
