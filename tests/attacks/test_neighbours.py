"""Every attack of the table against every target, beside a neighbour who must not notice."""

import time
from collections.abc import Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from tests.attacks.conftest import Hosts
from tests.attacks.messages import MESSAGES
from tests.attacks.table import PROCESSES, RESOURCES, Attack
from tests.attacks.targets import ANSWER_SECONDS, TARGETS, Target

OFTEN = Target("root", "cell")
_LONG = (pytest.mark.slow,)
PAUSE_SECONDS = 0.2
GRACE_SECONDS = 5
"""What a run gives a cell that it interrupts; see notebooks.kernels.runner.runs."""


def cases(attacks: Iterable[Attack]) -> list[ParameterSet]:
    """Pair each attack with each target that it can be tried on."""
    return [
        pytest.param(
            attack,
            target,
            id=f"{attack.name} in a {target.name}",
            marks=(*target.marks, *(() if attack.often and target == OFTEN else _LONG)),
        )
        for attack in attacks
        for target in TARGETS
        if attack.meets(target)
    ]


@pytest.mark.parametrize(("attack", "target"), cases([*RESOURCES, *PROCESSES, *MESSAGES]))
def test_nobody_but_the_attacker_is_harmed(attack: Attack, target: Target, hosts: Hosts) -> None:
    host = hosts.of(target)
    host.neighbour_answers()
    before = host.held()
    ticket = host.begin(target.place, attack.source, limits=attack.limits)
    deadline = time.monotonic() + attack.limits.run_seconds + GRACE_SECONDS + ANSWER_SECONDS
    while not ticket.ended_within(PAUSE_SECONDS):
        # All along: an attack begins to hurt only once its own sandbox has started.
        host.neighbour_answers()
        assert time.monotonic() < deadline, "it does not end"
    told = ticket.told(0)
    host.neighbour_answers()
    assert told.outcome in attack.outcomes_in(target), told
    if told.outcome == "ok" and attack.text is not None:
        assert told.text == attack.text
    if told.outcome == "died":
        assert host.left_over(before, "process") == set(), "called dead, and alive"
    host.end()
    assert host.left_over(before) == set()
