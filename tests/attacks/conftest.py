"""Fixtures of the attack suite."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.attacks.targets import Host, Keeper, Target, can_start, started
from tests.engines import RunningEngine, docker_engine, podman_engine
from tests.sandboxes import environment

__all__ = ["docker_engine", "environment", "podman_engine"]


class Hosts:
    """The hosts of a test file, started when they are first attacked."""

    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._started: dict[Keeper, Host] = {}

    def of(self, target: Target) -> Host:
        """Return the host in which the target's sandboxes are."""
        reason = can_start(target.keeper)
        if reason is not None:
            pytest.skip(reason)
        if target.keeper not in self._started:
            self._started[target.keeper] = self._start(target)
        return self._started[target.keeper]

    def _start(self, target: Target) -> Host:
        environment: str = self._request.getfixturevalue("environment")
        engine: RunningEngine | None = None
        if target.contained:
            engine = self._request.getfixturevalue(f"{target.keeper}_engine")
        ordinary = target.keeper == "ordinary"
        return self._stack.enter_context(started(environment, ordinary=ordinary, engine=engine))


@pytest.fixture(scope="module")
def hosts(request: pytest.FixtureRequest) -> Iterator[Hosts]:
    """Hosts with a neighbour in each, for all tests of a file."""
    with ExitStack() as stack:
        yield Hosts(request, stack)
