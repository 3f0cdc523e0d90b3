"""Where a download may go: which URLs are meant, and which network addresses are out of bounds."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from notebooks.downloads.errors import DownloadError

MAX_URL = 2000
_MAX_PORT = 65535
_UNICAST_6 = IPv6Network("2000::/3")
"""What is handed out to hosts. Other blocks hold addresses of one site or embed an IPv4 one."""


def parse_url(text: str) -> httpx.URL:
    """Return an http or https URL with a host and no login. Raises DownloadError."""
    if len(text) > MAX_URL:
        raise DownloadError(f"the address has more than {MAX_URL} characters.")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise DownloadError(f"this is no address: {error}.") from error
    if url.scheme not in ("http", "https"):
        raise DownloadError("the address has to begin with https:// or http://.")
    if not url.host:
        raise DownloadError("the address names no host.")
    if url.port is not None and not 0 < url.port <= _MAX_PORT:
        raise DownloadError(f"{url.port} is no port.")
    if url.userinfo:
        raise DownloadError("the address holds a login; put the file where none is needed.")
    return url


def is_public(address: str) -> bool:
    """Return whether an IP address is that of a host on the public internet.

    Not public are loopback, private, link-local (clouds keep credentials there), shared, reserved
    and multicast addresses, also where an IPv6 address stands for such an IPv4 one.
    """
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return is_public(str(parsed.ipv4_mapped))
        if parsed not in _UNICAST_6 or parsed.sixtofour is not None:
            return False
    return parsed.is_global and not parsed.is_multicast
