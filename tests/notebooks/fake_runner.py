"""A runner in this process: numbered event logs and real time, a script instead of a sandbox."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from notebooks.errors import KernelError
from notebooks.kernels.errors import KernelBusyError, KernelMissingError, RunUnknownError
from notebooks.kernels.records import (
    Finished,
    KernelSpec,
    KernelState,
    KernelStatus,
    Output,
    OutputAppended,
    OutputSet,
    RunEvent,
    RunEventBody,
    RunRequest,
    Started,
)

Step = RunEventBody | float
Script = Sequence[Step]
"""What a cell does: event bodies, and seconds to wait in between."""


def says(text: str, index: int = 0) -> OutputSet:
    return OutputSet(index=index, output=Output(kind="stream", name="stdout", text=text))


def adds(text: str, index: int = 0) -> OutputAppended:
    return OutputAppended(index=index, text=text)


@dataclass
class FakeRun:
    log: list[RunEvent] = field(default_factory=list)
    acknowledged: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, body: RunEventBody) -> None:
        self.log.append(RunEvent(number=len(self.log) + 1, body=body))
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class FakeRunner:
    """Executes `script(source)` for each run, one at a time per attempt."""

    script: Callable[[str], Script]
    boot_seconds: float = 0.0
    refusal: str | None = None
    positions: list[int] = field(default_factory=list)
    """Places in the queue that the next questions for a kernel are answered with."""
    unreachable: set[str] = field(default_factory=set)
    kernels: dict[str, float] = field(default_factory=dict)
    specs: list[tuple[str, KernelSpec]] = field(default_factory=list)
    runs: dict[str, FakeRun] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    queues: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def ensure_kernel(self, url: str, attempt_id: str, spec: KernelSpec) -> KernelStatus:
        self._reach(url)
        if self.refusal is not None:
            raise KernelError(self.refusal)
        now = asyncio.get_running_loop().time()
        self.specs.append((url, spec))
        if self.positions:
            return KernelStatus(state="queued", position=self.positions.pop(0))
        ready = self.kernels.setdefault(attempt_id, now + self.boot_seconds)
        state: KernelState = "idle" if now >= ready else "starting"
        return KernelStatus(state=state)

    async def start_run(self, url: str, attempt_id: str, request: RunRequest) -> None:
        self._reach(url)
        if attempt_id not in self.kernels:
            raise KernelMissingError("There is no such kernel.")
        if request.run_id in self.runs:
            return
        before = self.queues.get(attempt_id)
        if before is not None and not before.done():
            raise KernelBusyError("The kernel executes another run.")
        run = self.runs[request.run_id] = FakeRun()
        self.queues[attempt_id] = asyncio.create_task(self._execute(run, request, attempt_id))

    async def _execute(self, run: FakeRun, request: RunRequest, attempt_id: str) -> None:
        self.executed.append(request.run_id)
        run.add(Started())
        last: Step = 0.0
        for last in self.script(request.source):
            if isinstance(last, float):
                await asyncio.sleep(last)
            else:
                run.add(last)
        if not isinstance(last, Finished):
            run.add(Finished(outcome="ok", execution_count=len(self.executed)))
        elif last.outcome == "died":
            self.kernels.pop(attempt_id, None)

    async def events(
        self, url: str, attempt_id: str, run_id: str, after: int
    ) -> AsyncIterator[RunEvent]:
        self._reach(url)
        while True:
            run = self.runs.get(run_id)
            if run is None:
                raise RunUnknownError(f"404: no run {run_id} of {attempt_id}")
            changed = run.changed
            for event in run.log[after:]:
                yield event
                after = event.number
                if isinstance(event.body, Finished):
                    return
            await asyncio.wait_for(changed.wait(), 20)

    async def acknowledge(self, url: str, attempt_id: str, run_id: str, through: int) -> None:  # noqa: ARG002 - the protocol's
        self._reach(url)
        self.runs[run_id].acknowledged = through

    def restart(self) -> None:
        """Forget everything, as a runner does that was killed and started anew."""
        for task in self.queues.values():
            task.cancel()
        runs, self.runs, self.kernels, self.queues = self.runs, {}, {}, {}
        for run in runs.values():
            run.changed.set()

    def _reach(self, url: str) -> None:
        if url in self.unreachable:
            raise KernelError("The runner does not answer.")
