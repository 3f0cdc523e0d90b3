"""Surgery on platforms' URLs, which may carry a query that has to stay."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit


def below(url: str, segment: str) -> str:
    """Append a segment to the URL's path, before its query (Moodle's `?type_id=1`)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{segment}"))


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """Add parameters to whatever query the URL already has."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def same_origin(base: str, url: str) -> str | None:
    """Resolve a URL that a platform sent; None if it would take a token to another origin."""
    try:
        absolute = urljoin(base, url)
        own, other = urlsplit(base), urlsplit(absolute)
        same = (own.scheme, own.hostname, own.port) == (other.scheme, other.hostname, other.port)
    except ValueError:
        return None
    return absolute if same else None
