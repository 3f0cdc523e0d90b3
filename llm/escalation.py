"""How doubtful a feedback is: features, and their logistic score. Whether it goes to a person.

The default weights are set by hand from what the literature finds telling, evidence before
confidence; they are to be fitted on labelled feedback of held-out tasks before they are relied on.
"""

import math
from dataclasses import dataclass, fields

THRESHOLD = 0.5
"""From this risk on, a person looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What can be known of a feedback without a person. None: was not measured."""

    uncertain: bool = False
    """Evidence alone left the verdict open."""
    probe_agreement: float | None = None
    """Share of probes, 0 to 1, that agree with the verdict."""
    citation_rate: float | None = None
    """Share of the analyst's discrepancies that stand on failing evidence."""
    repair_gain: float | None = None
    """Share of repairs that succeed only with the hint, -1 to 1."""
    sample_agreement: float | None = None
    """Of the analyst's samples, by cited ids, 0 to 1."""
    guard_margin: float | None = None
    """1 far from telling too much, 0 at the brink."""
    malformed: int = 0
    """Answers that were not of the schema."""
    regenerated: int = 0
    """Texts that the guard stopped."""
    novelty: float | None = None
    """0: like earlier work on the task; 1: like nothing seen."""
    logprob: float | None = None
    """Mean natural log probability of the discrete fields; 0 is certain."""
    confidence: float | None = None
    """The model's own word, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each feature adds to the log odds; what was not measured adds nothing."""

    bias: float = -1.5
    uncertain: float = 2.0
    probe_agreement: float = -1.0
    citation_rate: float = -1.0
    repair_gain: float = -1.5
    sample_agreement: float = -1.5
    guard_margin: float = -0.5
    malformed: float = 0.7
    regenerated: float = 0.7
    novelty: float = 1.0
    logprob: float = -0.5
    confidence: float = -0.3


DEFAULT = Weights()
_CENTRES = {
    "probe_agreement": 0.9,
    "citation_rate": 0.8,
    "repair_gain": 0.2,
    "sample_agreement": 0.7,
    "guard_margin": 0.7,
    "novelty": 0.3,
    "logprob": -0.3,
    "confidence": 0.8,
}
"""Usual values: a feature of this value says nothing either way."""


def risk(features: Features, weights: Weights = DEFAULT) -> float:
    """Return the estimated probability, 0 to 1, that a person would object to the feedback."""
    odds = weights.bias
    for field in fields(Features):
        value = getattr(features, field.name)
        if value is not None:
            centred = float(value) - _CENTRES.get(field.name, 0.0)
            odds += getattr(weights, field.name) * centred
    return 1 / (1 + math.exp(-odds))


def for_person(features: Features, *, threshold: float = THRESHOLD) -> bool:
    """Tell whether a person has to look at the feedback."""
    return risk(features) >= threshold
