import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from llm.weights import OFFERS, PullError, fitting, pull
from lti_tool.cli import main

MODEL = bytes(range(256)) * 4000
HASH = hashlib.sha256(MODEL).hexdigest()
GIB = 1024**3


@dataclass
class Hub:
    """A server that keeps one file, and what it was asked."""

    origin: str = ""
    named: str | None = None
    """The hash that it says the file has."""
    breaks_after: int | None = None
    ranges: bool = True
    redirects: bool = False
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    told = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if told.redirects and self.path == "/model.gguf":
                self.send_response(302)
                self.send_header("Location", "/elsewhere/model.gguf")
                self._name()
                self.end_headers()
                return
            asked = self.headers["Range"]
            told.asked.append(asked)
            if not self.path.endswith("model.gguf"):
                self.send_error(404)
                return
            first = int(asked[6:-1]) if asked and told.ranges else 0
            if first >= len(MODEL):
                self.send_response(416)
                self._name()
                self.end_headers()
                return
            body = MODEL[first:]
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(body)))
            self._name()
            self.end_headers()
            self.wfile.write(body[: told.breaks_after])

        def _name(self) -> None:
            if told.named is not None:
                self.send_header("X-Linked-ETag", f'"{told.named}"')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_fetched_checked_and_told_of(hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = tmp_path / "models" / "model.gguf"
    found = pull(
        f"{hub.origin}/model.gguf",
        target,
        sha256=HASH,
        progress=lambda done, whole: seen.append((done, whole)),
    )
    assert found == HASH
    assert target.read_bytes() == MODEL
    assert seen[-1] == (len(MODEL), len(MODEL))
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("ranges", [True, False], ids=["goes on", "begins anew"])
def test_a_download_that_broke_off_is_gone_on_with(
    hub: Hub, tmp_path: Path, *, ranges: bool
) -> None:
    target, url = tmp_path / "model.gguf", f"{hub.origin}/model.gguf"
    hub.breaks_after = 300_000
    with pytest.raises(PullError, match=r"[Pp]ull again to go on"):
        pull(url, target, sha256=HASH)
    assert not target.exists()
    hub.breaks_after, hub.ranges = None, ranges
    assert pull(url, target, sha256=HASH) == HASH
    assert hub.asked == [None, "bytes=300000-"]


def test_a_part_that_is_whole_is_only_checked(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "model.gguf.part").write_bytes(MODEL)
    assert pull(f"{hub.origin}/model.gguf", tmp_path / "model.gguf", sha256=HASH) == HASH


def test_another_file_than_the_expected_one_is_thrown_away(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(PullError, match="not the file that was expected"):
        pull(f"{hub.origin}/model.gguf", tmp_path / "model.gguf", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("redirects", [True, False])
def test_without_a_hash_the_servers_own_word_counts(
    hub: Hub, tmp_path: Path, *, redirects: bool
) -> None:
    hub.redirects, hub.named = redirects, "f" * 64
    with pytest.raises(PullError, match="not the file that was expected"):
        pull(f"{hub.origin}/model.gguf", tmp_path / "model.gguf", sha256=None)
    hub.named = HASH
    assert pull(f"{hub.origin}/model.gguf", tmp_path / "model.gguf", sha256=None) == HASH


def test_a_file_that_is_there_is_checked_and_not_fetched(hub: Hub, tmp_path: Path) -> None:
    target = tmp_path / "model.gguf"
    target.write_bytes(MODEL)
    assert pull(f"{hub.origin}/model.gguf", target, sha256=HASH) == HASH
    with pytest.raises(PullError, match="remove it, and pull again"):
        pull(f"{hub.origin}/model.gguf", target, sha256="0" * 64)
    assert hub.asked == []


def test_a_file_that_is_not_there_is_named(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(PullError, match="/nothing is not there: the server answers 404"):
        pull(f"{hub.origin}/nothing", tmp_path / "nothing", sha256=None)


def test_nobody_answering_is_told(tmp_path: Path) -> None:
    with pytest.raises(PullError, match="broke off"):
        pull("http://127.0.0.1:9/model.gguf", tmp_path / "model.gguf", sha256=None)


def test_a_disk_that_is_too_small_is_told_before_anything_comes(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm.weights.download._SPARE", 10**18)
    with pytest.raises(PullError, match="make room, or name another folder"):
        pull(f"{hub.origin}/model.gguf", tmp_path / "model.gguf", sha256=HASH)


def test_the_command_says_where_the_file_is_and_how_to_serve_it(hub: Hub, tmp_path: Path) -> None:
    arguments = ["llm", "pull", "--url", f"{hub.origin}/model.gguf", "--to", str(tmp_path)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert f"SHA-256 {HASH}" in done.output
    assert f"CASEBOOK_LLM_MODEL={tmp_path / 'model.gguf'}" in done.output


def test_a_name_and_an_address_are_one_too_many() -> None:
    done = CliRunner().invoke(main, ["llm", "pull", "qwen3-4b", "--url", "http://x/y.gguf"])
    assert done.exit_code == 2


def test_the_best_model_that_fits_is_offered() -> None:
    assert fitting(24 * GIB) is OFFERS["qwen3-30b-a3b"]
    assert fitting(8 * GIB) is OFFERS["qwen3-4b"]
    assert fitting(2 * GIB) is None
    assert all(offer.file.endswith(".gguf") for offer in OFFERS.values())
