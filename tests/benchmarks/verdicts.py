"""How often a verdict is right: labelled submissions to the example cases, judged offline.

By the author's probes and by those that the solved notebook alone gives.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.settings import Settings
from tests.benchmarks.report import Figure, print_report
from tests.environments import shared_environments_dir
from tests.grading.labelled import MODES, Judged, confusion, judge_all
from tests.grading.submissions import CASES, submissions

OUTCOMES = ("approved", "uncertain", "rejected", "error")


def print_table(case: str, mode: str, judged: Sequence[Judged]) -> None:
    """Print a case's confusion table and every submission that is not judged as it deserves."""
    counts = confusion(judged)
    print(f"\n{case}, {'by the author' if mode == 'author' else 'derived alone'}")
    print(f"{'':8}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES))
    for right in (True, False):
        row = "".join(f"{counts[right, outcome]:>11}" for outcome in OUTCOMES)  # type: ignore[index]
        print(f"{'right' if right else 'wrong':8}{row}")
    for one in judged:
        if one.outcome not in (("approved",) if one.right else ("rejected",)):
            print(f"  {one.told}")


def percent(name: str, hits: int, of: int) -> Figure:
    """Return a share as a figure."""
    return Figure(name, round(100 * hits / of, 2) if of else 0.0, "%", of)


def figures(judged: Sequence[Judged], suffix: str = "") -> list[Figure]:
    """Return the four shares; of one mode with its name as suffix."""
    counts = confusion(judged)
    right = sum(one.right for one in judged)
    wrong = len(judged) - right
    doubted = counts[True, "uncertain"] + counts[False, "uncertain"]
    rejected = counts[True, "rejected"] + counts[True, "error"]
    return [
        percent(f"correct_rejected_pct{suffix}", rejected, right),
        percent(f"wrong_approved_pct{suffix}", counts[False, "approved"], wrong),
        percent(f"uncertain_pct{suffix}", doubted, len(judged)),
        percent(f"known_wrong_uncertain_pct{suffix}", counts[False, "uncertain"], wrong),
    ]


async def measure(settings: Settings, folder: Path) -> list[Judged]:
    """Judge every submission to every case in both modes, printing as it goes."""
    everything: list[Judged] = []
    for case in CASES:
        for mode in MODES:
            place = folder / f"{case}-{mode}"
            place.mkdir()
            judged = await judge_all(case, mode, submissions(case), settings=settings, folder=place)
            print_table(case, mode, judged)
            everything += judged
    return everything


def main() -> int:
    """Judge and print."""
    with tempfile.TemporaryDirectory(prefix="casebook-bench-") as name:
        folder = Path(name)
        settings = Settings(
            state_dir=folder / "state", environments_dir_override=shared_environments_dir()
        )
        judged = asyncio.run(measure(settings, folder))
    print()
    by_mode = [
        figure
        for mode in MODES
        for figure in figures([one for one in judged if one.mode == mode], f"_{mode}")
    ]
    print_report([*figures(judged), *by_mode])
    return 0


if __name__ == "__main__":
    sys.exit(main())
