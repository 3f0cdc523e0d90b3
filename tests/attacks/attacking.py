"""Attacks paired with their targets, and what one of them may do to a neighbour: nothing."""

import time
from collections.abc import Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from tests.attacks.conftest import Hosts
from tests.attacks.messages import MESSAGES
from tests.attacks.table import PROCESSES, RESOURCES, Attack
from tests.attacks.targets import ANSWER_SECONDS, Target

OFTEN = Target("root", "cell")
_LONG = (pytest.mark.slow,)
PAUSE_SECONDS = 0.2
GRACE_SECONDS = 5
"""What a run gives a cell that it interrupts; see notebooks.kernels.runner.runs."""


def cases(targets: Iterable[Target]) -> list[ParameterSet]:
    """Pair each attack of the table with each target that it can be tried on."""
    aimed = list(targets)
    return [
        pytest.param(
            attack,
            target,
            id=f"{attack.name} in a {target.name}",
            marks=(*target.marks, *(() if attack.often and target == OFTEN else _LONG)),
        )
        for attack in (*RESOURCES, *PROCESSES, *MESSAGES)
        for target in aimed
        if attack.meets(target)
    ]


def attack_beside_a_neighbour(attack: Attack, target: Target, hosts: Hosts) -> None:
    """Attack, and check that the neighbour answers all along and that nothing is left."""
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
