"""Feedback that is known to be good or bad in one way, made from labelled work.

A judge's sensitivity and specificity are measured on it. Good feedback names the labelled issues
and nothing else; each bad one breaks one criterion.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from llm.evaluation.items import Criterion, Item, Seeded

_GOOD = "Look again at your result: {issues}. What in your code leads to it?"
_INVENTED = (
    "Besides, your file is read with the wrong encoding, so that every second row is lost. "
    "How would you check that?"
)
_FALSE = "Your code never reads the data at all, and its last line cannot run."
_OFF_TOPIC = "Nice colours! Which palette would make your chart easier to read for your audience?"


def seeded(items: Sequence[Item]) -> Iterator[Seeded]:
    """Yield known feedback for each criterion; only labelled wrong work is taken."""
    for item in items:
        if item.issues:
            yield from _of(item)


def _of(item: Item) -> Iterator[Seeded]:
    good = _with(item, _GOOD.format(issues="; ".join(item.issues)))
    for criterion in Criterion:
        yield Seeded(item=good, criterion=criterion, holds=True)
    off_topic = _with(item, _OFF_TOPIC)
    yield Seeded(item=off_topic, criterion=Criterion.PERCEPTIVE, holds=False)
    yield Seeded(item=off_topic, criterion=Criterion.COMPLETE, holds=False)
    if len(item.issues) > 1:
        half = _with(item, _GOOD.format(issues=item.issues[0]))
        yield Seeded(item=half, criterion=Criterion.COMPLETE, holds=False)
        yield Seeded(item=half, criterion=Criterion.PERCEPTIVE, holds=True)
    invented = _with(item, f"{good.feedback} {_INVENTED}")
    yield Seeded(item=invented, criterion=Criterion.SELECTIVE, holds=False)
    leaking = _with(item, f"{good.feedback} Write it like this:\n```python\n{item.ideal}\n```")
    yield Seeded(item=leaking, criterion=Criterion.NON_REVEALING, holds=False)
    yield Seeded(item=_with(item, _FALSE), criterion=Criterion.CORRECT, holds=False)


def _with(item: Item, feedback: str) -> Item:
    return replace(item, feedback=feedback)
