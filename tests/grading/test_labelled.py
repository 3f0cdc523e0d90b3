"""Right work passes by whatever road, and wrong work does not: labelled submissions, judged."""

from pathlib import Path

import pytest

from config.settings import Settings
from tests.environments import shared_environments_dir
from tests.grading.labelled import MODES, Mode, judge_all
from tests.grading.submissions import CASES, Submission, submissions

FEW = 3
"""Of each kind: enough to notice that judging is broken, while the whole set takes minutes."""


@pytest.fixture
def shared(settings: Settings) -> Settings:
    """Settings with the environments that all tests share."""
    return settings.model_copy(update={"environments_dir_override": shared_environments_dir()})


def a_few(case: str) -> tuple[Submission, ...]:
    """Return some right and some wrong submissions from all over a case."""
    everything = submissions(case)
    right = [one for one in everything if one.wrong is None]
    wrong = [one for one in everything if one.wrong is not None]
    return tuple(one for kind in (right, wrong) for one in kind[:: -(-len(kind) // FEW)])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
async def test_a_few_submissions_get_the_verdict_they_deserve(
    case: str, mode: Mode, shared: Settings, tmp_path: Path
) -> None:
    judged = await judge_all(case, mode, a_few(case), settings=shared, folder=tmp_path)
    misjudged = [one.told for one in judged if one.right != (one.outcome == "approved")]
    assert not misjudged


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
async def test_no_right_submission_is_rejected_and_no_wrong_one_approved(
    case: str, mode: Mode, shared: Settings, tmp_path: Path
) -> None:
    everything = submissions(case)
    judged = await judge_all(case, mode, everything, settings=shared, folder=tmp_path)
    assert len(judged) == len(everything)
    bad = {True: ("rejected", "error"), False: ("approved", "error")}
    assert not [one.told for one in judged if one.outcome in bad[one.right]]
