"""What an evaluation found, as JSON for scripts and as one page for people."""

import html
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matplotlib.figure import Figure

from llm.evaluation.statistics import Interval, Operating
from llm.evaluation.summary import Rate

_HEAD = (
    "Criterion",
    "Judge says",
    "For tasks to come",
    "Sensitivity",
    "Specificity",
    "Corrected",
)
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid #8884; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; background: #fff; border-radius: 8px; padding: .5rem; }
figure svg { max-width: 100%; height: auto; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that is reported."""

    model: str
    judge: str
    prompts: tuple[str, ...]
    """Versions of what was asked, by which figures can be compared."""
    items: int
    rates: tuple[Rate, ...]
    all_criteria: Interval
    curve: tuple[Operating, ...]
    """Risk and coverage over the doubt; empty where no doubt was computed."""
    chosen: Operating | None
    """The threshold that keeps the promise; None where there is none."""
    risk: float
    """The promise: the share of wrong ones among what is delivered is at most this."""


def as_json(found: Evaluation) -> str:
    """Return the whole evaluation; derived figures are written out."""
    body: dict[str, Any] = asdict(found)
    body["curve"] = [_point(point) for point in found.curve]
    body["chosen"] = None if found.chosen is None else _point(found.chosen)
    for rate, said in zip(body["rates"], found.rates, strict=True):
        rate["errors"] |= {
            "sensitivity": _number(said.errors.sensitivity),
            "specificity": _number(said.errors.specificity),
            "kappa": _number(said.errors.kappa),
        }
    return json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False)


def as_page(found: Evaluation) -> str:
    """Return one page without anything to load: a table, and the curves as drawings."""
    drawings = [_drawn_rates(found.rates)]
    if found.curve:
        drawings.append(_drawn_curve(found))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Evaluation of {html.escape(found.model)}</title>",
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>Feedback by {html.escape(found.model)}</h1>",
            f"<p>{_facts(found)}</p>",
            _table(found),
            *(f"<figure>{one}</figure>" for one in drawings),
            f"<p>{_promise(found)}</p>",
            "</body></html>",
        )
    )


def _facts(found: Evaluation) -> str:
    versions = html.escape(", ".join(found.prompts))
    return (
        f"{found.items} pieces of feedback, judged by {html.escape(found.judge)}; prompts: "
        f"{versions}. All criteria hold together for {_told(found.all_criteria)}."
    )


def _promise(found: Evaluation) -> str:
    if found.chosen is None:
        return (
            f"No threshold keeps the share of wrong feedback below {found.risk:.1%} for sure; "
            "everything goes to a person, or more has to be judged."
        )
    point = found.chosen
    return (
        f"Delivered up to a doubt of {point.threshold:.2f}: {point.coverage:.1%} of all, of which "
        f"{point.wrong} of {point.delivered} were wrong; surely less than {point.bound:.1%}."
    )


def _table(found: Evaluation) -> str:
    head = (
        "Criterion",
        "Judge says",
        "For tasks to come",
        "Sensitivity",
        "Specificity",
        "Corrected",
    )
    rows = (
        (
            rate.criterion.value.replace("_", "-"),
            _told(rate.raw),
            _told(rate.tasks),
            _share(rate.errors.sensitivity),
            _share(rate.errors.specificity),
            _told(rate.corrected),
        )
        for rate in found.rates
    )
    return (
        f"<table><thead>{_row(head, 'th')}</thead><tbody>{''.join(map(_row, rows))}</tbody></table>"
    )


def _row(cells: Iterable[str], kind: str = "td") -> str:
    return "<tr>" + "".join(f"<{kind}>{html.escape(one)}</{kind}>" for one in cells) + "</tr>"


def _told(interval: Interval | None) -> str:
    if interval is None:
        return "too little is known"
    return f"{interval.estimate:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def _share(value: float) -> str:
    return "not known" if math.isnan(value) else f"{value:.0%}"


def _drawn_rates(rates: Sequence[Rate]) -> str:
    figure = Figure(figsize=(8, 0.6 * len(rates) + 1))
    axes = figure.subplots()
    for place, rate in enumerate(reversed(rates)):
        for interval, colour, offset in (
            (rate.raw, "#888888", 0.15),
            (rate.corrected, "#1f4fa8", -0.15),
        ):
            if interval is not None:
                axes.plot([interval.low, interval.high], [place + offset] * 2, color=colour)
                axes.plot([interval.estimate], [place + offset], "o", color=colour)
    names = [rate.criterion.value.replace("_", "-") for rate in reversed(rates)]
    axes.set_yticks(range(len(rates)), names)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share for which it holds; grey: as the judge says, blue: set right")
    return _svg(figure)


def _drawn_curve(found: Evaluation) -> str:
    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    coverage = [point.coverage for point in found.curve]
    axes.step(coverage, [point.risk for point in found.curve], where="post", label="risk")
    axes.step(coverage, [point.bound for point in found.curve], where="post", label="upper bound")
    axes.axhline(found.risk, color="#b35c00", linestyle=":", label=f"promise: {found.risk:.1%}")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("share that is delivered without a person")
    axes.legend()
    return _svg(figure)


def _svg(figure: Figure) -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", bbox_inches="tight")
    text = drawn.getvalue()
    return text[text.index("<svg") :]


def _number(value: float) -> float | None:
    """Return what JSON can say; it knows no NaN."""
    return None if math.isnan(value) else value


def _point(point: Operating) -> dict[str, float]:
    return {**asdict(point), "risk": point.risk, "coverage": point.coverage}
