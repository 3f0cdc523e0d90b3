from grading.replays import request_of
from notebooks.attempts.document import Cell
from notebooks.kernels.records import MAX_CHECKPOINTS, KernelSpec

SPEC = KernelSpec(environment="env")


def cells(*subtasks: str | None) -> list[Cell]:
    return [
        Cell(id=f"c{n}", kind="code", source="", subtask=subtask)
        for n, subtask in enumerate(subtasks)
    ]


def test_work_that_is_shared_may_go_on_where_a_subtask_ends() -> None:
    asked = cells(None, "a", "a", None, "b")
    request = request_of("r", SPEC, asked, (), 10, reuse_key="attempt")
    assert (request.reuse_key, request.checkpoints) == ("attempt", ("c2", "c4"))
    assert request_of("r", SPEC, asked, (), 10).checkpoints == ()


def test_only_the_last_subtasks_of_many_are_kept() -> None:
    many = cells(*map(str, range(10)))
    request = request_of("r", SPEC, many, (), 10, reuse_key="attempt")
    assert request.checkpoints == ("c6", "c7", "c8", "c9")[-MAX_CHECKPOINTS:]
