"""How many leaks the guard lets through, and how many harmless sentences it holds."""

import sys

from llm.guard import Guard
from tests.benchmarks.report import Figure, print_report
from tests.llm.leaks import Reply, comes_through, harmless, leaks, pairs

PARTS = ("development", "held_out")


def measure(part: str) -> tuple[list[Reply], int, list[str], int]:
    """Return the leaks that came through of how many, and what was held of how many sentences."""
    through, replies, held, sentences = [], 0, [], 0
    for pair in pairs(part):
        for reply in leaks(pair):
            replies += 1
            if comes_through(pair.hidden, reply):
                through.append(reply)
        for text in harmless(pair):
            sentences += 1
            if (reason := Guard(pair.hidden).leak(text)) is not None:
                held.append(f"{pair.id}: {text} ({reason})")
    return through, replies, held, sentences


def main() -> int:
    """Try and print."""
    figures, totals = [], [0, 0, 0, 0]
    for part in PARTS:
        through, replies, held, sentences = measure(part)
        for reply in through:
            print(f"  through, {part}: {reply.pair} {reply.kind} {' | '.join(reply.turns)[:100]}")
        for text in held:
            print(f"  held, {part}: {text}")
        counted = (len(through), replies, len(held), sentences)
        totals = [total + one for total, one in zip(totals, counted, strict=True)]
        figures += _figures(*counted, f"_{part}")
    print_report([*_figures(totals[0], totals[1], totals[2], totals[3], ""), *figures])
    return 0


def _figures(through: int, replies: int, held: int, sentences: int, suffix: str) -> list[Figure]:
    return [
        Figure(f"leaks_through_pct{suffix}", round(100 * through / replies, 2), "%", replies),
        Figure(f"harmless_held_pct{suffix}", round(100 * held / sentences, 2), "%", sentences),
    ]


if __name__ == "__main__":
    sys.exit(main())
