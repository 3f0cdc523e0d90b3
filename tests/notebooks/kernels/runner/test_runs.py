from uuid import uuid4

import pytest

from notebooks.kernels.records import Finished, Limits, Output, OutputSet, RunRequest
from notebooks.kernels.runner import runs
from notebooks.kernels.runner.runs import KnownRuns, Run


def run_with(characters: int, *, over: bool = True) -> Run:
    run = Run(RunRequest(run_id=uuid4().hex, source="1"), Limits())
    output = Output(kind="stream", name="stdout", text="x" * characters)
    run.log.append(OutputSet(index=0, output=output))
    if over:
        run.log.append(Finished(outcome="ok"))
    return run


def test_the_oldest_runs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_KEPT_RUNS", 2)
    known = KnownRuns()
    three = [run_with(1) for _ in range(3)]
    for run in three:
        known.add("a", run)
    assert [known.find("a", run.run_id) for run in three] == [None, *three[1:]]
    assert known.find("b", three[2].run_id) is None


def test_events_that_nobody_acknowledges_are_bounded_but_never_taken_from_a_run_that_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "_PENDING_BYTES", 3000)
    known = KnownRuns()
    going_on, old, new = run_with(1000, over=False), run_with(1000), run_with(1000)
    acknowledged = run_with(5000)
    acknowledged.log.acknowledge(2)
    for run in (going_on, acknowledged, old, new):
        known.add("a", run)
    assert known.find("a", old.run_id) is None
    assert known.find("a", going_on.run_id) is going_on
    assert known.find("a", new.run_id) is new
    assert known.find("a", acknowledged.run_id) is acknowledged
