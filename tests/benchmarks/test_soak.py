"""A short soak; `./run bench soak` is the long one."""

import asyncio
from pathlib import Path

import pytest

from tests.benchmarks.soak import soak

CYCLES = 60

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def test_kernels_that_come_and_go_at_random_leave_nothing(tmp_path: Path) -> None:
    result = asyncio.run(soak(CYCLES, tmp_path))
    assert sum(result.done.values()) == CYCLES
    assert {kind: count for kind, count in result.left.items() if count} == {}
