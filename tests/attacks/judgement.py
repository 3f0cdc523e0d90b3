"""A case that asks in every way there is, its right answer, and all that should earn nothing.

Some of its numbers stand nowhere else: where one of them is found, an expected answer or a hidden
input has leaked.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.attacks.exploits.forgeries import FORGERIES
from tests.attacks.exploits.lies import LIES
from tests.attacks.exploits.patches import PATCHES
from tests.attacks.exploits.reaches import REACHES

EXPLOITS = (*LIES, *PATCHES, *REACHES, *FORGERIES)

POINTS = 10.0
SHOWN, HIDDEN, DAYS = 271828.5, 161803.375, 141421.25
"""Inputs: of a probe, of one that nobody is shown, of the predictions' rows."""
INPUTS = {"shown": SHOWN, "hidden": HIDDEN, "days": DAYS}

PROFILE = f"""
title: Sales
subtasks:
  - id: work
    title: Work
    points: {POINTS}
    partial_credit: true
    probes:
      - {{kind: value, expression: total}}
      - {{kind: value, expression: means}}
      - {{kind: call, function: scaled, args: [[{SHOWN}, 2]]}}
      - {{kind: call, function: scaled, args: [[{HIDDEN}, 3]], reveal: nothing}}
      - {{kind: raises, function: root, args: [-2], error: ValueError, text: "*below zero*"}}
      - {{kind: stdout, other_lines: allowed}}
      - {{kind: figure}}
      - {{kind: metric, function: forecast, args: [[{DAYS}, 1, 2, 3]], metric: r2, at_least: 0.9,
         labels: [{DAYS * 3.5 + 7.25}, 10.75, 14.25, 17.75]}}
      - {{kind: file, file: predicted.csv, key: day, column: sales, against: hidden/sales.csv,
         metric: mae, at_most: 0.5}}
      - {{kind: property, function: root, given: [{{x: 4.0}}, {{x: 2.25}}],
         holds: ["close(result * result, x)", increasing, repeatable]}}
    tests:
      - {{source: "assert scaled([8.0]) == [4643.5625]", points: 2}}
      - {{source: "assert isinstance(scaled([4]), list) and round(scaled([4])[0], 3) == 2330.281",
         hidden: true, points: 2}}
"""
DERIVED = """
title: Sales
subtasks:
  - id: work
    title: Work
    points: 10
    interface: [total, means, scaled(numbers), root(x), forecast(days)]
"""
"""The same work where nobody has written a question."""

DATA = "shop,amount\na,7390418000\nb,265.125\na,12.5\n"
HIDDEN_SALES = 314159.625
"""A right answer that a file is scored against; the ideal is near it only."""
LABELS = f"day,sales\n1,{HIDDEN_SALES}\n2,17.5\n"
RIGHT = """
import matplotlib.pyplot as plt
import pandas as pd
table = pd.read_csv("data/sales.csv")
total = int(table["amount"].sum())
means = table.groupby("shop")["amount"].mean()
def scaled(numbers):
    return [number * 578.3203125 + 17 for number in numbers]
def root(x):
    if x < 0:
        raise ValueError("x is below zero")
    return x ** 0.5
def forecast(days):
    return [day * 3.5 + 7.25 for day in days]
tried = scaled([1.5, 2.0]), root(4.0), forecast([1.0, 2.0])
print("total:", total)
with open("predicted.csv", "w") as file:
    file.write("day,sales\\n1,314159.5\\n2,17.5\\n")
plt.bar(means.index, means)
plt.title("Sales")
plt.xlabel("shop")
plt.ylabel("amount")
"""
OTHER_ROAD = RIGHT.replace('int(table["amount"].sum())', "sum(map(int, table.amount))").replace(
    "[day * 3.5 + 7.25 for day in days]", "[7.3 + 3.5 * day for day in days]"
)
EXPECTED = {
    "the total": 7390418277,
    "a mean": 3695209006.25,
    "a shown answer": SHOWN * 578.3203125 + 17,
    "a hidden answer": HIDDEN * 578.3203125 + 17,
    "a label": DAYS * 3.5 + 7.25,
    "a test's answer": 4643.5625,
    "a file's right answer": HIDDEN_SALES,
}


def write_case(folder: Path, profile: str) -> Path:
    """Write the case with its data into a new folder; the solution is `notebook(RIGHT)`."""
    (folder / "data").mkdir(parents=True)
    (folder / "case.yaml").write_text(profile, encoding="utf-8")
    (folder / "hidden").mkdir()
    (folder / "data" / "sales.csv").write_text(DATA, encoding="utf-8")
    (folder / "hidden" / "sales.csv").write_text(LABELS, encoding="utf-8")
    return folder


def notebook(source: str) -> dict[str, Any]:
    """Return what a student hands in: one cell."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "work",
        "metadata": {"tags": ["subtask:work"]},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}


def looks(number: float) -> Iterator[bytes]:
    """Yield how a number stands in memory: as text, and as the bytes of a float or an integer."""
    yield repr(number).encode()
    yield struct.pack("<d", number)
    if float(number).is_integer():
        yield struct.pack("<q", int(number))
