"""Every attack of the table in bubblewrap, beside a neighbour who must not notice.

A file of its own for each kind of keeper: files run side by side.
"""

import pytest

from tests.attacks.attacking import attack_beside_a_neighbour, cases
from tests.attacks.conftest import Hosts
from tests.attacks.table import Attack
from tests.attacks.targets import TARGETS, Target


@pytest.mark.parametrize(
    ("attack", "target"), cases(target for target in TARGETS if not target.contained)
)
def test_nobody_but_the_attacker_is_harmed(attack: Attack, target: Target, hosts: Hosts) -> None:
    attack_beside_a_neighbour(attack, target, hosts)
