"""Who is attacked: one small class per kind of place in which a student's code may run."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from config.settings import Settings
from notebooks.kernels.records import Limits
from tests.engines import ENGINE_MARKS, RunningEngine
from tests.environments import shared_environments_dir

SECRET = "a secret of the host"
SMALL = Limits(memory_bytes=384 * 1024**2, home_bytes=16 * 1024**2, run_seconds=4, cpu_seconds=60)
ANSWER_SECONDS = 20
"""How long a neighbour may take on a machine that has other things to do."""
GONE_SECONDS = 20

CHECKOUT = Path(__file__).parents[2]
_START_SECONDS = 60
_ORDINARY_UID = 1_890_000_000 + os.getpid()
"""Of an ordinary user that nobody is, below the ids that launches get. Each test process has its
own: what another one has just started is not left over from ours."""

# In a mount namespace of its own: what lies below folders that only root may enter is brought to
# its place through a folder that everybody may enter. Arguments: a folder for that, the closed
# folders, --, the paths, --, the command.
_OPEN_UP = """
set -e
stage=$1; shift
n=0
for closed in "$@"; do [ "$closed" = -- ] && break; n=$((n + 1)); done
i=0; after=0
for path in "$@"; do
    if [ "$path" = -- ]; then after=$((after + 1)); continue; fi
    [ $after = 1 ] || continue
    i=$((i + 1)); mkdir -p "$stage/$i"; mount --bind "$path" "$stage/$i"
done
while [ "$1" != -- ]; do mount -t tmpfs -o mode=0755 none "$1"; shift; done
shift; i=0
while [ "$1" != -- ]; do i=$((i + 1)); mkdir -p "$1"; mount --bind "$stage/$i" "$1"; shift; done
shift
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a student's code."""

    outcome: str
    """As of a run: ok, error, stopped, timeout, died; of replays also protocol; lost: a fault."""
    text: str
    message: str


Keeper = Literal["root", "ordinary", "podman", "docker"]
"""Who keeps the sandboxes: bwrap as root, bwrap as an ordinary user, or an engine, run as root."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of place in which a student's code runs."""

    keeper: Keeper
    place: Literal["cell", "replay", "jail"]

    @property
    def name(self) -> str:
        what = {"cell": "kernel", "replay": "fresh replay", "jail": "forked jail"}[self.place]
        where = {
            "root": "bwrap as root",
            "ordinary": "bwrap as an ordinary user",
            "podman": "a container of Podman",
            "docker": "a container of Docker",
        }[self.keeper]
        return f"{what} in {where}"

    @property
    def contained(self) -> bool:
        """Return whether an engine keeps it."""
        return self.keeper in {"podman", "docker"}

    @property
    def strong(self) -> bool:
        """Return whether each sandbox has a user id of its own and is held by control groups."""
        return self.keeper != "ordinary"

    @property
    def marks(self) -> tuple[pytest.MarkDecorator, ...]:
        """Return the marks that decide when its tests run."""
        return ENGINE_MARKS if self.contained else (pytest.mark.sandbox,)


TARGETS = [
    *(Target(who, place) for place in ("cell", "replay", "jail") for who in ("root", "ordinary")),
    *(Target(who, place) for place in ("cell", "replay") for who in ("podman", "docker")),
]
EACH_TARGET = [pytest.param(target, id=target.name, marks=target.marks) for target in TARGETS]


class Host:
    """A running host process, and orders to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", world: Path) -> None:
        self.world = world
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {0: Future()}
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        started = self._waiting[0]
        self._reader.start()
        started.result(_START_SECONDS)

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            raise TypeError("the host has no pipes")
        for line in stream:
            answer = json.loads(line)
            self._waiting.pop(answer["id"]).set_result(answer)
        said = (self.world / "complaints").read_text(errors="replace")[-4000:]
        for future in self._waiting.values():
            future.set_exception(RuntimeError(f"the attacked host is gone: {said}"))

    def order(self, **order: Any) -> Future[dict[str, Any]]:
        """Send an order; its answer comes later."""
        if self._process.stdin is None:
            raise TypeError("the host has no pipes")
        with self._lock:
            future: Future[dict[str, Any]] = Future()
            number = next(self._numbers)
            self._waiting[number] = future
            self._process.stdin.write(json.dumps({"id": number, **order}).encode() + b"\n")
            self._process.stdin.flush()
        return future

    def begin(
        self, place: str, source: str, *, who: str = "attacker", limits: Limits = SMALL
    ) -> "Ticket":
        """Begin to run a student's code."""
        return Ticket(
            self.order(op=place, who=who, source=source, limits=limits.model_dump(mode="json"))
        )

    def end(self, who: str = "attacker") -> None:
        """End the student's kernel, if there is one."""
        self.order(op="end", who=who).result(ANSWER_SECONDS)

    def neighbour_answers(self) -> None:
        """Fail unless another student's kernel has its variables and computes."""
        told = self.begin("cell", "print(x + 1)", who="neighbour").told(ANSWER_SECONDS)
        assert (told.outcome, told.text) == ("ok", "42\n"), told

    def held(self) -> set[str]:
        """Return the processes, groups, folders and mounts that are there because of sandboxes."""
        return set(self.order(op="held").result(ANSWER_SECONDS)["held"])

    def left_over(self, before: set[str], kind: str = "") -> set[str]:
        """Wait until nothing (of a kind) is held but what was before, and return what remains."""
        deadline = time.monotonic() + GONE_SECONDS
        while (left := self._more_than(before, kind)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def _more_than(self, before: set[str], kind: str) -> set[str]:
        return {thing for thing in self.held() - before if thing.startswith(kind)}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A student's code that runs."""

    future: Future[dict[str, Any]]

    def ended_within(self, seconds: float) -> bool:
        """Wait for a while; return whether it has ended."""
        return bool(wait([self.future], timeout=seconds).done)

    def told(self, timeout_seconds: float) -> Told:
        """Wait for what comes of it."""
        answer = self.future.result(timeout_seconds)
        return Told(answer["outcome"], answer["text"], answer["message"])


def can_start(keeper: Keeper) -> str | None:
    """Return why a host with this keeper cannot be started here; None if it can."""
    if keeper == "root" and os.geteuid() != 0:
        return "needs root"
    return None


@contextmanager
def started(
    environment: str, *, ordinary: bool = False, engine: RunningEngine | None = None
) -> Iterator[Host]:
    """Start a host with a neighbour who has set x to 41, and end it."""
    # Not the test's own folder, which only its user may enter.
    with tempfile.TemporaryDirectory(prefix="attacks-", dir="/tmp") as name:
        world = Path(name)
        world.chmod(0o755)
        state = world / "state"
        state.mkdir(mode=0o711)
        (state / "secret").write_text(SECRET, encoding="utf-8")
        (state / "certificates").mkdir()
        (state / "certificates" / "key.pem").write_text(SECRET, encoding="utf-8")
        settings = Settings(
            state_dir=state,
            environments_dir_override=shared_environments_dir(),
            kernel_pool_limit=0,  # what waits for the next student is not left over
        )
        if engine is not None:
            settings = engine.settings(settings)
        command = [sys.executable, "-m", "tests.attacks.host", settings.model_dump_json()]
        command += [environment, *([] if engine is None else [str(engine.process)])]
        if ordinary and os.geteuid() == 0:
            command = _as_ordinary_user(world, state, command)
        complaints = world / "complaints"
        with complaints.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=CHECKOUT,
                env={
                    "HOME": str(state),
                    "PATH": os.environ["PATH"],
                    "CASEBOOK_ATTACKS_SECRET": SECRET,
                },
            )
        try:
            host = Host(process, world)
            told = host.begin("cell", "x = 41", who="neighbour", limits=Limits()).told(60)
            assert told.outcome == "ok", told
            yield host
        finally:
            try:
                if process.stdin is not None:
                    process.stdin.close()
                process.wait(_START_SECONDS)
            finally:
                process.kill()


def _as_ordinary_user(world: Path, state: Path, command: Sequence[str]) -> list[str]:
    os.chown(state, _ORDINARY_UID, _ORDINARY_UID)
    for path in state.rglob("*"):
        os.chown(path, _ORDINARY_UID, _ORDINARY_UID)
    stage = world / "stage"
    stage.mkdir()
    needed = [CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), shared_environments_dir()]
    hidden = {path: closed for path in needed if (closed := _closed_parent(path)) is not None}
    identity = [f"--reuid={_ORDINARY_UID}", f"--regid={_ORDINARY_UID}", "--clear-groups"]
    setpriv = shutil.which("setpriv") or "setpriv"
    return [
        "unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", _OPEN_UP, "sh",
        str(stage), *sorted({str(closed) for closed in hidden.values()}), "--",
        *map(str, hidden), "--", setpriv, *identity, "--bounding-set=-all", "--", *command,
    ]  # fmt: skip


def _closed_parent(path: Path) -> Path | None:
    """Return the topmost folder on the way that others may not enter."""
    for parent in reversed(path.parents):
        if not parent.stat().st_mode & 0o001:
            return parent
    return None
