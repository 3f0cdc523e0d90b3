import json
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from flask import Flask

from tests.lti_tool.site import Launched, Site, json_of

PATIENCE = 10.0


class Reader:
    """What a browser makes of a stream: events with their ids."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def take(self, count: int) -> list[tuple[int, int]]:
        """Return the next (id, number) pairs."""
        return [self._next() for _ in range(count)]

    def rest(self) -> list[tuple[int, int]]:
        """Return what comes until the server ends the stream."""
        return list(iter(self._next, (0, 0)))

    def _next(self) -> tuple[int, int]:
        seen = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            if line:
                seen[name] = value
            elif "data" in seen:
                return int(seen["id"]), json.loads(seen["data"])["number"]
        return 0, 0


@pytest.fixture
def follow(url: str) -> Iterator[Callable[..., Reader]]:
    """Open streams as a page does; all are closed at the end."""
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        opened = []

        def start(launched: Launched, *, after: int | None = None, query: str = "") -> Reader:
            headers = dict(launched.bearer)
            if after is not None:
                headers["Last-Event-ID"] = str(after)
            request = client.build_request("GET", f"{launched.api}/events{query}", headers=headers)
            response = client.send(request, stream=True)
            opened.append(response)
            return Reader(response)

        yield start
        for response in opened:
            response.close()


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def _follow_patiently(follow: Callable[..., Reader], launched: Launched, *, after: int) -> Reader:
    """Come back until there is a slot: those of streams just closed are freed within a beat."""
    deadline = time.monotonic() + PATIENCE
    while True:
        reader = follow(launched, after=after)
        if reader.response.status_code == 200 or time.monotonic() > deadline:
            return reader
        time.sleep(0.1)


def test_what_happens_arrives_while_the_page_looks_on(
    site: Site, follow: Callable[..., Reader]
) -> None:
    launched = site.launch()
    site.happen(launched, 10, 20)
    reader = follow(launched)
    assert reader.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert reader.response.headers["X-Accel-Buffering"] == "no"
    assert reader.response.headers["Cache-Control"] == "no-store"
    assert reader.take(2) == [(1, 10), (2, 20)]
    site.happen(launched, 30)
    assert reader.take(1) == [(3, 30)]


def test_a_stream_resumes_exactly_after_the_last_event_id(
    site: Site, follow: Callable[..., Reader]
) -> None:
    launched = site.launch()
    site.happen(launched, 1, 2, 3, 4)
    assert follow(launched, after=2).take(2) == [(3, 3), (4, 4)]
    assert follow(launched, query="?after=3").take(1) == [(4, 4)]


def test_a_reader_that_reconnects_ten_times_sees_each_event_once(
    site: Site, follow: Callable[..., Reader]
) -> None:
    launched = site.launch()
    writers = [
        threading.Thread(target=site.happen, args=(launched, *range(start, start + 10)))
        for start in (0, 100, 200)
    ]
    for writer in writers:
        writer.start()
    seen: list[tuple[int, int]] = []
    for _ in range(10):
        reader = _follow_patiently(follow, launched, after=len(seen))
        seen += reader.take(3)
        reader.response.close()
    for writer in writers:
        writer.join()
    assert [seq for seq, _ in seen] == list(range(1, 31))
    assert sorted(number for _, number in seen) == [
        *range(10), *range(100, 110), *range(200, 210),
    ]  # fmt: skip


def test_a_stream_of_one_attempt_tells_nothing_of_another(
    site: Site, follow: Callable[..., Reader]
) -> None:
    mine, other = site.launch(), site.launch()
    reader = follow(mine)
    site.happen(other, 1)
    site.happen(mine, 2)
    assert reader.take(1) == [(1, 2)]


def test_a_stream_ends_after_its_time(site: Site, follow: Callable[..., Reader]) -> None:
    launched, began = site.launch(), time.monotonic()
    assert follow(launched).rest() == []
    assert 1.9 < time.monotonic() - began < 6


def test_no_database_connection_is_held_while_streaming(
    site: Site, follow: Callable[..., Reader]
) -> None:
    launched = site.launch()
    site.happen(launched, 1)
    for _ in range(2):
        follow(launched).take(1)
    assert site.wiring.slots.taken == 2
    assert site.connections_in_use() == 0


def test_beyond_the_cap_the_page_is_told_to_poll(site: Site, follow: Callable[..., Reader]) -> None:
    launched = site.launch()
    follow(launched)
    follow(launched)
    refused = follow(launched)
    assert refused.response.status_code == 503
    assert int(refused.response.headers["Retry-After"]) > 0
    assert json.loads(refused.response.read())["code"] == "stream_limit"


def test_a_page_that_goes_away_frees_its_slot(site: Site, follow: Callable[..., Reader]) -> None:
    launched = site.launch()
    reader = follow(launched)
    assert site.wiring.slots.taken == 1
    reader.response.close()
    began = time.monotonic()
    assert _eventually(lambda: site.wiring.slots.taken == 0)
    assert time.monotonic() - began < site.settings.stream_seconds


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "99999999999999", "²"])
def test_a_place_that_is_no_number_is_refused(site: Site, after: str) -> None:
    launched = site.launch()
    client = site.app.test_client()
    for path in ("events", "events.json"):
        response = client.get(
            f"{launched.api}/{path}", query_string={"after": after}, headers=launched.bearer
        )
        assert (response.status_code, json_of(response)["code"]) == (422, "bad_request")
    assert site.wiring.slots.taken == 0


def test_a_head_request_keeps_no_slot(site: Site, url: str) -> None:
    launched = site.launch()
    httpx.head(f"{url}{launched.api}/events", headers=launched.bearer, timeout=PATIENCE)
    assert _eventually(lambda: site.wiring.slots.taken == 0)


def test_polling_gives_the_same_events_page_by_page(site: Site) -> None:
    launched = site.launch()
    site.happen(launched, 5, 6, 7)
    response = site.app.test_client().get(
        f"{launched.api}/events.json?after=1", headers=launched.bearer
    )
    assert json_of(response) == {
        "events": [
            {"seq": 2, "kind": "test.happened", "payload": {"number": 6}},
            {"seq": 3, "kind": "test.happened", "payload": {"number": 7}},
        ]
    }


def test_an_application_that_served_nothing_has_no_thread_and_no_connection(
    site: Site, serve: Callable[[Flask], str]
) -> None:
    serve(site.app)
    assert "journal-tailer" not in {thread.name for thread in threading.enumerate()}
    assert site.connections_in_use() == 0
