"""What a judgement of a subtask earns: pure."""

from collections.abc import Collection, Sequence

from grading.verdict import Verdict
from notebooks.cases.author_tests import name_of_test, shares
from notebooks.cases.profile import Subtask


def earned(subtask: Subtask, verdict: Verdict, passed: Collection[str]) -> float:
    """Return the points of a judgement; `passed` are the ids of what agreed.

    An approved subtask earns all but what a person decides. Short of that, each test that passed
    earns its own, unless the author wants all of them or nothing.
    """
    judged = subtask.points - sum(item.points for item in subtask.rubric)
    if verdict is Verdict.APPROVED:
        return judged
    points: Sequence[float] = shares(subtask)
    ids = [name_of_test(subtask, number) for number in range(1, len(points) + 1)]
    if not subtask.partial_credit and not set(ids) <= set(passed):
        return 0.0
    return sum(share for name, share in zip(ids, points, strict=True) if name in passed)
