import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.downloads.addresses import is_public, parse_url
from notebooks.downloads.errors import DownloadError

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1",
    "2002:7f00:1::", "2002:808:808::", "2001:0:7f00:1::", "2001:db8::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_this_host_or_a_private_network_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "151.101.0.223", "2606:4700::1111", "::ffff:8.8.8.8"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_mapped_into_ipv6_is_judged_as_what_it_is(address: object) -> None:
    assert is_public(f"::ffff:{address}") == is_public(str(address))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.org/x", "https://"),
        ("file:///etc/passwd", "https://"),
        ("example.org/x", "https://"),
        ("//example.org/x", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https://", "no host"),
        ("https:///x", "no host"),
        ("https://user:secret@example.org/x", "holds a login"),
        ("https://user@example.org/x", "holds a login"),
        ("https://exa\nmple.org/", "no address"),
        ("https://example.org:99999/", "no port"),
        ("https://example.org/" + "x" * 2000, "more than 2000"),
        ("", "https://"),
    ],
)
def test_an_address_that_cannot_be_fetched_from_is_refused(url: str, why: str) -> None:
    with pytest.raises(DownloadError, match=why):
        parse_url(url)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    try:
        url = parse_url(f"https://{text}")
    except DownloadError:
        return
    assert url.scheme == "https"
    assert url.host


def test_every_way_to_write_loopback_is_seen_through() -> None:
    for host in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"):
        found = socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)
        assert all(not is_public(str(address[0])) for *_, address in found)
