"""How much is looked at to judge a property: the data may be anything that a student makes."""

from dataclasses import dataclass

FULL = 1_000_000
"""Nodes that are visited and items that are gone through; a few seconds' worth."""


class TooMuchError(ValueError):
    """The data are so large that working it out would take too long."""


@dataclass(slots=True)
class Budget:
    """What is left of it; every expression and every call of one check draws on the same."""

    left: int = FULL

    def spend(self, amount: int) -> None:
        """Pay for a step.

        Raises:
            TooMuchError: nothing is left.
        """
        self.left -= amount
        if self.left < 0:
            raise TooMuchError("this is too much to look at")
