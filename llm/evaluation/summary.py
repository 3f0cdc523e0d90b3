"""From judgements to rates: each criterion with its interval, the judge's own errors set right."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from llm.evaluation.items import Criterion, Seeded
from llm.evaluation.judge import Judged
from llm.evaluation.statistics import (
    Cluster,
    Interval,
    JudgeErrors,
    beta_interval,
    hierarchical_interval,
    judged_interval,
)
from llm.evaluation.statistics.clusters import FEWEST

_SEED = 20_261_127


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often a criterion holds."""

    criterion: Criterion
    said: int
    """Items of which the judge says that it holds."""
    judged: int
    raw: Interval
    """As the judge says, items taken for independent."""
    tasks: Interval | None
    """As the judge says, for tasks to come; None where there are too few."""
    errors: JudgeErrors
    corrected: Interval | None
    """Set right by the judge's errors; None where the judge tells hardly more than a coin."""


def errors_of(known: Sequence[tuple[Seeded, bool]], criterion: Criterion) -> JudgeErrors:
    """Return how a judge did on known feedback: with each goes what the judge said."""
    counts: dict[tuple[bool, bool], int] = defaultdict(int)
    for one, said in known:
        if one.criterion is criterion:
            counts[one.holds, said] += 1
    return JudgeErrors(
        true_positive=counts[True, True],
        false_negative=counts[True, False],
        true_negative=counts[False, False],
        false_positive=counts[False, True],
    )


def rates(judged: Sequence[Judged], known: Sequence[tuple[Seeded, bool]]) -> tuple[Rate, ...]:
    """Return a rate for each criterion that was judged."""
    return tuple(
        _rate(criterion, mine, errors_of(known, criterion))
        for criterion in Criterion
        if (mine := [one for one in judged if one.criterion is criterion])
    )


def all_criteria(judged: Sequence[Judged]) -> Interval:
    """Return how often every criterion that was judged of an item holds, by the judge's word."""
    by_item: dict[str, list[bool]] = defaultdict(list)
    for one in judged:
        by_item[one.item.id].append(one.holds)
    return beta_interval(sum(all(holds) for holds in by_item.values()), len(by_item))


def _rate(criterion: Criterion, judged: Sequence[Judged], errors: JudgeErrors) -> Rate:
    said = sum(one.holds for one in judged)
    try:
        rng = np.random.default_rng(_SEED)
        corrected = judged_interval(said, len(judged), errors, rng=rng)
    except ValueError:
        corrected = None
    return Rate(
        criterion=criterion,
        said=said,
        judged=len(judged),
        raw=beta_interval(said, len(judged)),
        tasks=_by_task(judged),
        errors=errors,
        corrected=corrected,
    )


def _by_task(judged: Sequence[Judged]) -> Interval | None:
    tasks: dict[str, list[bool]] = defaultdict(list)
    for one in judged:
        tasks[one.item.task].append(one.holds)
    if len(tasks) < FEWEST:
        return None
    return hierarchical_interval([Cluster(sum(holds), len(holds)) for holds in tasks.values()])
