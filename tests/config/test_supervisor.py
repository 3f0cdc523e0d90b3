import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.processes import LOG_BYTES, describe_exit, restart_delay

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*names: str, ready: bool = True) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.config.supervised", str(tmp_path), *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        if ready:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def _pids(folder: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((folder / "run" / "processes.json").read_text())
    return found


def _eventually(condition: Callable[[], bool], seconds: float = 10) -> float:
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds
        time.sleep(0.02)
    return time.monotonic() - begin


def _is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_killed_process_is_started_again_at_once(start: Start, tmp_path: Path) -> None:
    supervisor = start("first", "second")
    before = _pids(tmp_path)
    os.kill(before["first"], signal.SIGKILL)
    _eventually(lambda: _pids(tmp_path).get("first") not in {None, before["first"]}, 2)
    assert _pids(tmp_path)["second"] == before["second"]
    supervisor.send_signal(signal.SIGTERM)
    _, said = supervisor.communicate(timeout=10)
    assert "first was ended by SIGKILL; starting it again" in said


def test_a_closed_terminal_does_not_end_it(start: Start, tmp_path: Path) -> None:
    supervisor = start("first")
    assert supervisor.stderr is not None
    supervisor.stderr.close()
    before = _pids(tmp_path)["first"]
    os.kill(before, signal.SIGKILL)
    _eventually(lambda: _pids(tmp_path).get("first") not in {None, before}, 2)
    assert supervisor.poll() is None
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_last_started_first(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    supervisor = start("first", "second", "third")
    pids = _pids(tmp_path).values()
    supervisor.send_signal(number)
    assert supervisor.wait(10) == 0
    assert (tmp_path / "stopped").read_text().split() == ["third", "second", "first"]
    assert all(map(_is_gone, pids))
    assert not (tmp_path / "run" / "processes.json").exists()


def test_a_process_that_does_not_stop_is_killed_after_its_grace(
    start: Start, tmp_path: Path
) -> None:
    supervisor = start("stubborn")
    pid = _pids(tmp_path)["stubborn"]
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(10) == 0
    assert _is_gone(pid)


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_one_starts(
    start: Start, tmp_path: Path
) -> None:
    supervisor = start("first", "second")
    pids = _pids(tmp_path)
    supervisor.kill()
    supervisor.wait(10)
    _eventually(lambda: all(map(_is_gone, pids.values())))
    start("first")
    assert _pids(tmp_path)["first"] != pids["first"]


def test_a_second_supervisor_on_the_same_state_is_refused(start: Start) -> None:
    first = start("first")
    second = start("first", ready=False)
    _, said = second.communicate(timeout=10)
    assert second.returncode == 1
    assert "already runs on" in said
    assert f"process {first.pid}" in said


def test_a_process_that_ends_before_it_is_ready_is_reported_with_its_log(
    start: Start, tmp_path: Path
) -> None:
    supervisor = start("first", "broken", ready=False)
    _, said = supervisor.communicate(timeout=10)
    assert supervisor.returncode == 1
    assert "broken ended with status 1" in said
    assert "no such thing" in said
    assert (tmp_path / "stopped").read_text() == "first\n"


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "tests.config.supervised", str(tmp_path / "file" / "state")],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "--state DIR" in done.stderr


def test_what_is_due_every_so_often_is_done(start: Start, tmp_path: Path) -> None:
    start("first")
    _eventually((tmp_path / "tick").exists)


def test_a_turn_that_fails_is_said_and_the_next_one_is_taken(start: Start, tmp_path: Path) -> None:
    process = start("first")
    assert process.stderr is not None
    assert "wanted" in process.stderr.readline()
    (tmp_path / "wanted").touch()
    _eventually(lambda: not (tmp_path / "wanted").exists())
    assert process.poll() is None


def test_logs_are_kept_and_bounded(start: Start, tmp_path: Path) -> None:
    start("first")
    log = tmp_path / "logs" / "first.log"
    assert log.read_text() == "hello from first\n"
    with log.open("ab") as file:
        file.write(b"x" * (LOG_BYTES + 1))
    _eventually(lambda: log.stat().st_size == 0)
    assert (tmp_path / "logs" / "first.log.1").stat().st_size > LOG_BYTES


@pytest.mark.parametrize(("deaths", "seconds"), [(1, 0.1), (2, 0.2), (4, 0.8), (9, 10), (99, 10)])
def test_restarts_are_quick_at_first_and_rare_at_last(deaths: int, seconds: float) -> None:
    assert restart_delay(deaths) == seconds


def test_an_exit_is_described_in_words() -> None:
    assert describe_exit(-9) == "was ended by SIGKILL"
    assert describe_exit(3) == "ended with status 3"
