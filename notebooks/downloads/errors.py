"""What can go wrong when a file is fetched."""

from notebooks.errors import NotebooksError


class DownloadError(NotebooksError):
    """A file cannot be fetched, or is not the one that was named; the message says why."""
