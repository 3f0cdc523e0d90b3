from typing import Any

import numpy as np
import pytest

from grading.checks import drawing
from grading.checks.records import Draws
from grading.judge import Judgement, judge
from grading.verdict import Verdict
from notebooks.cases.probes import Aspect
from tests.grading.builders import v
from tests.grading.factories import cell, prepared, replay, situation, subtask

LINE = np.array([[0.0, 1.0], [1.0, 3.0]])
DOTS = np.array([[0.0, 1.0], [2.0, 0.5]])


def axes(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"title": "Growth", "x": "year", "y": "", "legend": []}
    marks: dict[str, Any] = {"lines": [LINE], "points": [], "bars": [], "images": []}
    return plain | {"x_ticks": ["0", "1"], "y_ticks": []} | marks | changes


def judged(observed: Any, expected: Any = None, **probe: Any) -> Judgement:
    ideal = [axes()] if expected is None else expected
    probes = prepared(subtask(probes=[{"kind": "figure"} | probe]), {"s-1": ideal})
    return judge(situation(cell("c", "", "s")), probes, replay({"c": None}, {"s-1": observed}))


@pytest.mark.parametrize(
    "observed",
    [
        [axes()],
        [axes(title="Another title", y="size", x_ticks=["x"], legend=["a"])],
        [axes(lines=[LINE + 1e-12])],
        [axes(lines=[]), axes()],
    ],
)
def test_what_does_not_count_makes_no_difference(observed: Any) -> None:
    found = judged(observed)
    assert found.verdict is Verdict.APPROVED
    assert found.evidence[0].kind == "figure"


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ([], "figure_none"),
        ([axes(lines=[])], "figure_none"),
        ([axes(), axes()], "figure_axes"),
        ([axes(lines=[], points=[DOTS])], "figure_kind"),
        ([axes(lines=[LINE, LINE])], "figure_kind"),
        ([axes(lines=[LINE + 1])], "figure_lines"),
        ([axes(lines=[LINE[::-1]])], "figure_lines"),
        ([axes(title=" ")], "figure_no_title"),
        ([axes(x="")], "figure_no_x"),
        (7, "unreadable_plain"),
        ([{"title": "x"}], "unreadable_plain"),
        ([axes(title=3)], "unreadable_plain"),
    ],
)
def test_each_difference_is_named(observed: Any, difference: str) -> None:
    found = judged(observed)
    assert found.verdict is Verdict.NEEDS_WORK
    assert found.evidence[0].difference == difference


@pytest.mark.parametrize(
    ("aspect", "changed", "difference"),
    [
        ("texts", {"title": "growth  "}, None),
        ("texts", {"title": "Growing"}, "figure_title"),
        ("texts", {"y": "size"}, "figure_y"),
        ("ticks", {"x_ticks": ["1", "0"]}, "figure_ticks"),
        ("legend", {"legend": ["B", "a"]}, None),
        ("legend", {"legend": ["a"]}, "figure_legend"),
        ("kind", {"lines": [LINE * 2]}, None),
    ],
)
def test_an_author_may_ask_for_one_aspect(
    aspect: str, changed: dict[str, Any], difference: str | None
) -> None:
    ideal = axes(legend=["a", "b"])
    found = judged([ideal | changed], [ideal], aspects=[aspect])
    assert found.evidence[0].difference == difference


def test_points_bars_and_several_lines_agree_in_any_order() -> None:
    ideal = axes(points=[DOTS], bars=[DOTS], lines=[LINE, LINE * 2])
    turned = axes(points=[DOTS[::-1]], bars=[DOTS[::-1]], lines=[LINE * 2, LINE])
    assert judged([turned], [ideal]).verdict is Verdict.APPROVED


def test_an_ideal_that_draws_nothing_can_be_expected_of_nobody() -> None:
    check = Draws(aspects=(Aspect.KIND,))
    assert "draw no lines" in str(drawing.ideal(check, v([axes(lines=[])])))
    assert "cannot be read" in str(drawing.ideal(check, v("figure")))
    assert drawing.ideal(check, v([axes()])) == v([axes()])
