"""Somebody who replays notebooks, for tests of every way to do it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from notebooks.kernels.records import (
    Answer,
    AskCall,
    AskValue,
    KernelSpec,
    Limits,
    Question,
    ReplayCell,
    ReplayRequest,
    ReplayResult,
)
from notebooks.kernels.replay.local import SandboxReplayer
from notebooks.kernels.values import Value

IMPORTS = ("numpy", "pandas")


class Grader:
    """Replays cells in one environment."""

    def __init__(
        self, replayer: SandboxReplayer, environment: str, imports: tuple[str, ...] = IMPORTS
    ) -> None:
        self.replayer = replayer
        self.environment = environment
        self.imports = imports

    async def replay(  # noqa: PLR0913 - each is a part of the request
        self,
        *sources: str,
        ask: tuple[AskValue | AskCall, ...] = (),
        after: Mapping[int, str] = MappingProxyType({}),
        wall_seconds: float = 60,
        limits: Limits | None = None,
        hash_seed: int = 0,
        elsewhere: bool = False,
        checkpoints: tuple[str, ...] = (),
        reuse_key: str | None = None,
    ) -> ReplayResult:
        """Replay cells `c0`, `c1` …; `after` names those that a question follows."""
        spec = KernelSpec(
            environment=self.environment, imports=self.imports, limits=limits or Limits()
        )
        request = ReplayRequest(
            replay_id=uuid4().hex,
            spec=spec,
            cells=tuple(ReplayCell(id=f"c{n}", source=text) for n, text in enumerate(sources)),
            questions=tuple(
                Question(id=f"q{n}", ask=one, after=after.get(n)) for n, one in enumerate(ask)
            ),
            wall_seconds=wall_seconds,
            hash_seed=hash_seed,
            elsewhere=elsewhere,
            checkpoints=checkpoints,
            reuse_key=reuse_key,
        )
        return await self.replayer.replay(request)

    async def said(self, *sources: str, **options: Any) -> str:
        """Return what the last of these cells prints."""
        done = await self.replay(*sources, **options)
        assert done.outcome == "completed", done.message
        assert done.cells[-1].ok, done.cells[-1].failure
        return done.cells[-1].stdout.strip()


def value_of(answer: Answer) -> Value:
    """Return an answer's value."""
    assert answer.failure is None, answer.failure
    assert answer.value is not None
    return answer.value
