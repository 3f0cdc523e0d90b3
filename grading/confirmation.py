"""One judgement, with a second replay where only that can decide."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from grading.judge import Judgement, judge
from grading.prepared import Prepared
from grading.situation import Situation
from notebooks.kernels.records import ReplayRequest, ReplayResult

Replay = Callable[[ReplayRequest], Awaitable[ReplayResult]]


async def judged(
    replay: Replay,
    request: ReplayRequest,
    situation: Situation,
    probes: Sequence[Prepared],
    result: ReplayResult | None = None,
) -> Judgement:
    """Replay and judge a subtask; a derived probe that fails is asked again in a new replay.

    `result` is the first replay's, if there was one already.

    Raises:
        KernelError: a replay could not be had.
    """
    if result is None:
        result = await replay(request)
    judgement = await asyncio.to_thread(judge, situation, probes, result)
    if not judgement.unconfirmed:
        return judgement
    # All cells anew: what varies from run to run must be able to.
    anew = {"replay_id": f"{request.replay_id}-2", "checkpoints": (), "reuse_key": None}
    second = await replay(request.model_copy(update=anew))
    return await asyncio.to_thread(judge, situation, probes, result, second)
