"""What can go wrong when an environment is built."""

from notebooks.errors import NotebooksError


class EnvironmentBuildError(NotebooksError):
    """The requirements cannot be installed; `line` is the one to blame, where one is known."""

    def __init__(self, line: str | None, message: str) -> None:
        super().__init__(message if line is None else f"requirements.txt, “{line}”: {message}")
        self.line = line
        self.message = message
