"""Figures and how they are printed."""

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One measured figure; `peer` fields are None where there is no peer."""

    figure: str
    value: float
    unit: str
    n: int
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return value / peer_value."""
        return None if self.peer_value is None else round(self.value / self.peer_value, 3)


def median(figure: str, samples: Sequence[float], unit: str) -> Figure:
    """Return the median of samples as a figure."""
    return Figure(figure, round(statistics.median(samples), 1), unit, len(samples))


def print_report(figures: Sequence[Figure]) -> None:
    """Print a table for people, then one JSON line per figure."""
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for item in figures:
        peer = f"   {item.peer} {item.peer_value}, ratio {item.ratio}" if item.peer else ""
        print(f"{item.figure:28} {item.value:>10} {item.unit:4} (n={item.n}){peer}")
    for item in figures:
        print(json.dumps({**asdict(item), "ratio": item.ratio}))
