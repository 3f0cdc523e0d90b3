from dataclasses import replace
from typing import Any

import pytest

from llm.escalation import Features, for_person, risk

GOOD = Features(probe_agreement=1.0, citation_rate=1.0, sample_agreement=1.0, guard_margin=1.0)


def test_good_evidence_needs_no_person_and_doubt_does() -> None:
    assert not for_person(GOOD)
    assert for_person(Features(uncertain=True, citation_rate=0.0, malformed=2))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("uncertain", False, True),
        ("citation_rate", 1.0, 0.0),
        ("repair_gain", 1.0, -1.0),
        ("malformed", 0, 2),
        ("novelty", 0.0, 1.0),
        ("logprob", 0.0, -3.0),
        ("confidence", 1.0, 0.0),
    ],
)
def test_each_feature_moves_the_risk_its_way(name: str, low: float, high: float) -> None:
    changes: list[dict[str, Any]] = [{name: low}, {name: high}]
    assert 0 < risk(replace(Features(), **changes[0])) < risk(replace(Features(), **changes[1])) < 1
