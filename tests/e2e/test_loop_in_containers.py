"""The product's main job once more, with kernels and replays in containers of an engine."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.stack import Stack
from tests.e2e.test_loop import (
    test_a_student_is_corrected_then_approved_and_the_grade_book_shows_it,
    test_the_ideal_solution_typed_by_a_student_earns_every_point,
)
from tests.engines import ENGINE_MARKS, RunningEngine, docker_engine, podman_engine

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400), *ENGINE_MARKS]

__all__ = [
    "docker_engine",
    "podman_engine",
    "test_a_student_is_corrected_then_approved_and_the_grade_book_shows_it",
    "test_the_ideal_solution_typed_by_a_student_earns_every_point",
]


@pytest.fixture(scope="module", params=["podman_engine", "docker_engine"])
def stack(request: pytest.FixtureRequest, make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A running product whose sandboxes are containers."""
    engine: RunningEngine = request.getfixturevalue(request.param)
    stack = make_stack(**engine.environment())
    stack.start()
    yield stack
    assert stack.stop() == 0
    assert engine.containers() == []
