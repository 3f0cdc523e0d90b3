"""What grading costs: twenty notebooks by nbgrader, by Otter and by `casebook grade`, in one run.

The same notebooks go through all three, each with the assignment in its own format; all have to
give the points that the notebooks deserve. CPU time is that of everything a tool starts, sandboxes
and the grading server included; ours is the whole command's, the ideal solution's run too. What a
tool does once per assignment is told apart: environments, `generate_assignment` and `otter assign`
on their side, the environment on ours.

`first_validation_ms` is the judgement of all five questions, one after the other, where not even a
grading server runs yet; `revalidate_last_ms` that of the last one after an edit of its answer. Both
hold the few milliseconds that the cells themselves take.
"""

import asyncio
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from notebooks.environments.build import build_environment
from tests.benchmarks.assignment import (
    MAX_SCORE,
    SUBMISSIONS,
    nbgrader_source,
    otter_source,
    write_case,
)
from tests.benchmarks.replay_cpu import CpuMeter
from tests.benchmarks.report import Figure, print_report
from tests.benchmarks.validation import Waits, measure_waits
from tests.environments import TABLES, shared_environments_dir
from tests.peers import NBGRADER, OTTER, Peer, PeerUnavailableError, peer

_PACKAGES = tuple(TABLES.split())
_NAME = "sales"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a tool took for all notebooks, and the points it gave."""

    cpu_ms: float
    wall_ms: float
    scores: tuple[float, ...]

    def figures(self, suffix: str, name: str, theirs: "Cost") -> tuple[Figure, Figure]:
        """Return the two figures per submission beside a peer's."""
        n = len(self.scores)
        cpu, wall, peer_cpu, peer_wall = (
            round(value / n, 1)
            for value in (self.cpu_ms, self.wall_ms, theirs.cpu_ms, theirs.wall_ms)
        )
        return (
            Figure(f"cpu_per_submission{suffix}", cpu, "ms", n, name, peer_cpu),
            Figure(f"wall_per_submission{suffix}", wall, "ms", n, name, peer_wall),
        )


def measured(
    meter: CpuMeter, action: Callable[[], None], scores: Callable[[], Sequence[float]]
) -> Cost:
    """Run and measure an action; the points are read afterwards."""
    before, began = meter.milliseconds(), time.perf_counter()
    action()
    wall = (time.perf_counter() - began) * 1000
    cpu = meter.milliseconds() - before
    return Cost(cpu, wall, tuple(scores()))


def by_nbgrader(tool: Peer, folder: Path, meter: CpuMeter) -> tuple[Cost, list[Path]]:
    """Grade by nbgrader; return the notebooks, too, made of what it hands out."""
    source = folder / "source" / _NAME / f"{_NAME}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(json.dumps(nbgrader_source()), encoding="utf-8")
    tool.run("nbgrader", "generate_assignment", _NAME, folder=folder)
    release = json.loads((folder / "release" / _NAME / f"{_NAME}.ipynb").read_text("utf-8"))
    notebooks = []
    for number, submission in enumerate(SUBMISSIONS):
        file = folder / "submitted" / f"s{number:02}" / _NAME / f"{_NAME}.ipynb"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(submission.notebook(release)), encoding="utf-8")
        notebooks.append(file)

    def grade() -> None:
        tool.run("nbgrader", "autograde", _NAME, folder=folder)

    def scores() -> list[float]:
        tool.run("nbgrader", "export", "--to", "grades.csv", folder=folder)
        with (folder / "grades.csv").open(encoding="utf-8") as file:
            rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        return [rows[f"s{number:02}"] for number in range(len(SUBMISSIONS))]

    return measured(meter, grade, scores), notebooks


def by_otter(tool: Peer, folder: Path, notebooks: Sequence[Path], meter: CpuMeter) -> Cost:
    """Grade by Otter, a process for each notebook: so it takes them."""
    folder.mkdir()
    (folder / f"{_NAME}.ipynb").write_text(json.dumps(otter_source()), encoding="utf-8")
    tool.run("otter", "assign", f"{_NAME}.ipynb", "dist", "--no-pdfs", folder=folder)
    [tests] = (folder / "dist" / "autograder").glob("*.zip")
    places = [folder / f"s{number:02}" for number in range(len(notebooks))]
    for place, notebook in zip(places, notebooks, strict=True):
        place.mkdir()
        shutil.copy(notebook, place)

    def grade() -> None:
        for place in places:
            command = ("otter", "run", "-a", str(tests), "-o", str(place), "--no-logo")
            tool.run(*command, f"{_NAME}.ipynb", folder=place)

    def score(place: Path) -> float:
        found = json.loads((place / "results.json").read_text("utf-8"))["tests"]
        return float(sum(test.get("score") or 0 for test in found))

    return measured(meter, grade, lambda: [score(place) for place in places])


def by_casebook(folder: Path, case: Path, notebooks: Sequence[Path], meter: CpuMeter) -> Cost:
    """Grade by `casebook grade`, as installed here."""
    output = folder / "results.jsonl"
    environment = {
        **os.environ,
        "CASEBOOK_STATE_DIR": str(folder / "state"),
        "CASEBOOK_ENVIRONMENTS_DIR_OVERRIDE": str(shared_environments_dir()),
    }
    casebook = str(Path(sys.executable).with_name("casebook"))
    command = [casebook, "grade", str(case), *map(str, notebooks), "--output", str(output)]

    def grade() -> None:
        subprocess.run(command, env=environment, check=True, timeout=600, capture_output=True)

    def scores() -> list[float]:
        rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
        assert {row["max_score"] for row in rows} == {MAX_SCORE}
        found = {row["notebook"]: row["score"] for row in rows}
        return [found[str(notebook)] for notebook in notebooks]

    return measured(meter, grade, scores)


def check(name: str, scores: Sequence[float]) -> None:
    """End the benchmark if a notebook did not get its points: speed means nothing then."""
    wrong = [
        f"{submission.label}: {score:g} instead of {sum(submission.points)}"
        for submission, score in zip(SUBMISSIONS, scores, strict=True)
        if score != sum(submission.points)
    ]
    if wrong:
        raise SystemExit(f"{name} gave other points than expected: {'; '.join(wrong)}")


def wait_figures(waits: Waits) -> tuple[Figure, Figure]:
    """Return the two waiting times of a student."""
    first, again = (round(statistics.median(one), 1) for one in (waits.first, waits.last))
    return (
        Figure("first_validation_ms", first, "ms", len(waits.first)),
        Figure("revalidate_last_ms", again, "ms", len(waits.last)),
    )


def measure() -> list[Figure]:
    """Return every figure; all sides are measured now."""
    try:
        nbgrader, otter = peer(*NBGRADER, *_PACKAGES), peer(*OTTER, *_PACKAGES)
    except PeerUnavailableError as error:
        raise SystemExit(f"The tools to compare with cannot be installed: {error}") from error
    root = shared_environments_dir()
    asyncio.run(build_environment(TABLES, root=root, log=lambda _: None))
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        folder = Path(name)
        write_case(folder / "case")
        with CpuMeter() as meter:
            theirs, notebooks = by_nbgrader(nbgrader, folder / "nbgrader", meter)
            ours = by_casebook(folder, folder / "case", notebooks, meter)
            others = by_otter(otter, folder / "otter", notebooks, meter)
        for tool, cost in (("nbgrader", theirs), ("Casebook", ours), ("Otter", others)):
            check(tool, cost.scores)
        waits = asyncio.run(measure_waits(folder / "case", notebooks[0], folder / "waits"))
    preparation = Figure("case_preparation_ms", round(waits.preparation, 1), "ms", 1)
    return [
        *ours.figures("", "nbgrader", theirs),
        *ours.figures("_otter", "Otter", others),
        *wait_figures(waits),
        preparation,
    ]


def main() -> int:
    """Measure and print."""
    print_report(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
