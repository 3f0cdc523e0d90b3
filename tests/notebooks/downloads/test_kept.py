import hashlib
import io
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from notebooks.downloads.errors import DownloadError
from notebooks.downloads.fetch import Rules, fetch
from notebooks.downloads.kept import KeptDownloads
from tests.notebooks.downloads.server import Handler, Server, closed_port, self_signed, serving

BODY = b"alcohol;colour\n13.2;5.1\n" * 1000
SHA = hashlib.sha256(BODY).hexdigest()
RULES = Rules(seconds=30, stall_seconds=10, private_addresses=True)
MAX = 10 * 1024 * 1024


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "downloads"


def refused(
    root: Path, url: str, rules: Rules = RULES, *, sha256: str = SHA, max_bytes: int = MAX
) -> str:
    with pytest.raises(DownloadError) as caught:
        KeptDownloads(root, rules).get(url, sha256, max_bytes=max_bytes)
    assert left(root) == []
    return str(caught.value)


def left(root: Path) -> list[str]:
    return [path.name for path in root.iterdir() if path.name != ".locks"]


def test_a_file_is_fetched_once_and_kept_read_only(server: Server, root: Path) -> None:
    url = server.file("/wine.csv", BODY)
    first = KeptDownloads(root, RULES).get(url, SHA, max_bytes=MAX)
    assert first.read_bytes() == BODY
    assert first.stat().st_mode & 0o777 == 0o444
    again = KeptDownloads(root, RULES).get("https://gone.invalid/wine.csv", SHA, max_bytes=MAX)
    assert again == first
    assert server.seen["/wine.csv"] == 1
    assert left(root) == [SHA]


def test_builds_at_once_fetch_a_file_once(server: Server, root: Path) -> None:
    everyone = threading.Barrier(6)

    def slow(handler: Handler) -> None:
        time.sleep(0.2)  # so that the others come while it is fetched
        handler.answer(200, BODY)

    server.routes["/slow"] = slow

    def get(_: int) -> Path:
        everyone.wait(10)
        return KeptDownloads(root, RULES).get(f"{server.url}/slow", SHA, max_bytes=MAX)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(get, range(6)))) == 1
    assert server.seen["/slow"] == 1


def test_another_file_than_the_one_that_was_named_is_refused(server: Server, root: Path) -> None:
    message = refused(root, server.file("/x", BODY + b"!"))
    assert hashlib.sha256(BODY + b"!").hexdigest() in message
    assert "mistyped" in message


def test_a_cut_off_answer_is_refused(server: Server, root: Path) -> None:
    server.routes["/cut"] = lambda handler: handler.answer(200, BODY[:100], length=len(BODY))
    assert "broke off" in refused(root, f"{server.url}/cut")


def test_an_answer_that_claims_less_than_it_sends_is_another_file(
    server: Server, root: Path
) -> None:
    server.routes["/lie"] = lambda handler: handler.answer(200, BODY, length=100)
    assert "another SHA-256" in refused(root, f"{server.url}/lie")


def test_an_answer_that_claims_too_much_is_not_even_read(server: Server, root: Path) -> None:
    server.routes["/large"] = lambda handler: handler.answer(200, b"", length=MAX + 1)
    assert "larger than the 10 MiB" in refused(root, f"{server.url}/large")


@pytest.mark.parametrize("length", [-1, "chunked", "garbage"])
def test_an_answer_without_end_stops_at_the_bound(
    server: Server, root: Path, length: int | str
) -> None:
    block = bytes(64 * 1024)

    def endless(handler: Handler) -> None:
        if length == "chunked":
            handler.answer(200, length=-1, Transfer_Encoding="chunked")
        elif length == "garbage":
            handler.answer(200, length=-1, Content_Length="many")
        else:
            handler.answer(200, length=-1)
        while not handler.server.closing.is_set():
            if length == "chunked":
                handler.wfile.write(b"%x\r\n" % len(block) + block + b"\r\n")
            else:
                handler.wfile.write(block)

    server.routes["/endless"] = endless
    message = refused(root, f"{server.url}/endless", max_bytes=1024 * 1024)
    assert ("larger than the 1 MiB" in message) == (length != "garbage")


def test_a_kept_file_counts_as_well(server: Server, root: Path) -> None:
    KeptDownloads(root, RULES).get(server.file("/x", BODY), SHA, max_bytes=MAX)
    with pytest.raises(DownloadError, match="larger than"):
        KeptDownloads(root, RULES).get(server.url, SHA, max_bytes=100)


def test_a_server_that_stalls_is_left(server: Server, root: Path) -> None:
    def stall(handler: Handler) -> None:
        handler.answer(200, BODY[:100], length=len(BODY))
        handler.hang()

    server.routes["/stall"] = stall
    server.routes["/mute"] = Handler.hang
    rules = replace(RULES, stall_seconds=0.3)
    for path in ("/stall", "/mute"):
        assert "said nothing for 0.3 s" in refused(root, server.url + path, rules)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_drips_is_left_at_the_deadline(server: Server, root: Path, part: str) -> None:
    def drip(handler: Handler) -> None:
        if part == "body":
            handler.answer(200, length=len(BODY))
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.closing.wait(0.05):
            handler.wfile.write(b"x")
            handler.wfile.flush()

    server.routes["/drip"] = drip
    message = refused(root, f"{server.url}/drip", replace(RULES, seconds=1))
    assert message == "it took more than 1 s."


def test_a_few_redirects_are_followed(server: Server, root: Path) -> None:
    server.file("/d/end", BODY)
    server.routes["/a"] = lambda handler: handler.answer(302, Location="/b")
    server.routes["/b"] = lambda handler: handler.answer(307, Location="d/c")
    server.routes["/d/c"] = lambda handler: handler.answer(301, Location="end")
    path = KeptDownloads(root, RULES).get(f"{server.url}/a", SHA, max_bytes=MAX)
    assert path.read_bytes() == BODY


def test_a_loop_of_redirects_ends(server: Server, root: Path) -> None:
    server.routes["/loop"] = lambda handler: handler.answer(301, Location="/loop")
    assert "more than 5 times" in refused(root, f"{server.url}/loop")
    assert server.seen["/loop"] == 6


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("file:///etc/passwd", "https://"),
        ("ftp://example.org/x", "https://"),
        ("http://user:x@example.org/", "a login"),
        ("http://example.org:port/", "redirects to"),
        ("", "to nowhere"),
    ],
)
def test_a_redirect_out_of_bounds_is_refused(
    server: Server, root: Path, location: str, why: str
) -> None:
    server.routes["/out"] = lambda handler: handler.answer(302, Location=location)
    assert why in refused(root, f"{server.url}/out")


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500])
def test_any_other_answer_than_the_file_is_said(server: Server, root: Path, status: int) -> None:
    server.routes["/no"] = lambda handler: handler.answer(status, b"" if status < 400 else BODY)
    assert f"127.0.0.1 answers {status}" in refused(root, f"{server.url}/no")


def test_what_is_no_http_is_said(root: Path, server: Server) -> None:
    def odd(handler: Handler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    server.routes["/odd"] = odd
    assert "failed or broke off" in refused(root, f"{server.url}/odd")


def test_a_host_that_is_not_there_is_said(root: Path) -> None:
    assert "failed or broke off" in refused(root, f"http://127.0.0.1:{closed_port()}/")
    assert "no host nowhere.invalid" in refused(root, "http://nowhere.invalid/")


def test_this_host_and_private_networks_are_out_of_bounds(server: Server, root: Path) -> None:
    rules = replace(RULES, private_addresses=False)
    server.file("/x", BODY)
    for host in ("127.0.0.1", "localhost", "2130706433"):
        message = refused(root, f"http://{host}:{server.server_port}/x", rules)
        assert "no public address" in message
    assert "no public address" in refused(root, "http://169.254.169.254/latest/meta-data", rules)
    assert "no public address" in refused(root, "http://[::1]/", rules)
    assert server.seen.total() == 0


def test_a_redirect_to_this_host_is_out_of_bounds_where_the_first_address_is_not(
    server: Server, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One address of loopback stands for the internet here; the other is what it is.
    monkeypatch.setattr(
        "notebooks.downloads.fetch.is_public", lambda address: address == "127.0.0.1"
    )
    server.file("/x", BODY)
    server.routes["/r"] = lambda handler: handler.answer(
        302, Location=f"http://127.0.0.2:{server.server_port}/x"
    )
    rules = replace(RULES, private_addresses=False)
    message = refused(root, f"{server.url}/r", rules)
    assert "127.0.0.2, which is no public address" in message


def test_https_is_verified(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    with serving(certificate) as server:
        url = server.file("/x", BODY)
        assert "certificate" in refused(root, url).lower()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert KeptDownloads(root, RULES).get(url, SHA, max_bytes=MAX).read_bytes() == BODY
        wrong = url.replace("localhost", "127.0.0.1")
        other = hashlib.sha256(b"other").hexdigest()
        with pytest.raises(DownloadError, match="failed or broke off"):
            KeptDownloads(root, RULES).get(wrong, other, max_bytes=MAX)


def test_a_large_file_goes_to_disk_and_not_through_memory(server: Server, tmp_path: Path) -> None:
    block = bytes(range(256)) * 4096
    count = 64

    def large(handler: Handler) -> None:
        handler.answer(200, length=len(block) * count)
        for _ in range(count):
            handler.wfile.write(block)

    server.routes["/large"] = large
    expected = hashlib.sha256(block * count).hexdigest()
    tracemalloc.start()
    try:
        with (tmp_path / "large").open("wb") as target:
            limit = len(block) * count
            found = fetch(f"{server.url}/large", target, max_bytes=limit, rules=RULES)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == expected
    assert (tmp_path / "large").stat().st_size == len(block) * count
    assert peak < 8 * 1024 * 1024


def test_a_full_disk_is_said(server: Server, root: Path) -> None:
    url = server.file("/x", BODY)
    with (
        pytest.raises(OSError, match="No space"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        fetch(url, full, max_bytes=MAX, rules=RULES)
    root.mkdir()
    (root / ".locks").write_text("a file where a folder has to be")
    with pytest.raises(DownloadError, match="cannot be stored here"):
        KeptDownloads(root, RULES).get(url, SHA, max_bytes=MAX)


def test_a_file_of_no_bytes_is_a_file(server: Server, root: Path) -> None:
    empty = hashlib.sha256().hexdigest()
    path = KeptDownloads(root, RULES).get(server.file("/empty", b""), empty, max_bytes=0)
    assert path.stat().st_size == 0
    target = io.BytesIO()
    assert fetch(f"{server.url}/empty", target, max_bytes=0, rules=RULES) == empty
