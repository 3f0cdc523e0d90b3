"""Fixtures of the attack suite."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.attacks.targets import Host, Target, can_start, started
from tests.sandboxes import environment

__all__ = ["environment"]


class Hosts:
    """The hosts of a test file, started when they are first attacked."""

    def __init__(self, environment: str, stack: ExitStack) -> None:
        self._environment = environment
        self._stack = stack
        self._started: dict[str, Host] = {}

    def of(self, target: Target) -> Host:
        reason = can_start(target.user)
        if reason is not None:
            pytest.skip(reason)
        if target.user not in self._started:
            host = self._stack.enter_context(started(target.user, self._environment))
            self._started[target.user] = host
        return self._started[target.user]


@pytest.fixture(scope="module")
def hosts(environment: str) -> Iterator[Hosts]:
    """Hosts with a neighbour in each, for all tests of a file."""
    with ExitStack() as stack:
        yield Hosts(environment, stack)
