"""Replays as a runner would report them, and cases small enough to read."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from grading.probes import PreparedProbe, call_text, probes_of
from grading.situation import Situation
from grading.verdict import Verdict
from notebooks.attempts.document import Cell
from notebooks.cases.profile import Subtask
from notebooks.kernels.records import (
    Answer,
    AskFigures,
    AskFile,
    AskTest,
    AskValue,
    CellFailure,
    CellResult,
    ReplayOutcome,
    ReplayRequest,
    ReplayResult,
)
from tests.grading.builders import v

ELLIPSIS = {"t": "opaque", "type": "builtins.ellipsis", "repr": "Ellipsis"}


def cell(cell_id: str, source: str = "", subtask: str | None = None, **more: Any) -> Cell:
    """Make a code cell."""
    return Cell(id=cell_id, kind=more.pop("kind", "code"), source=source, subtask=subtask, **more)


def subtask(
    subtask_id: str = "s", probes: Sequence[Mapping[str, Any]] = (), **more: Any
) -> Subtask:
    """Make a subtask; a probe without a kind asks for a value."""
    given = [{"kind": "value"} | dict(probe) for probe in probes]
    return Subtask.model_validate(
        {"id": subtask_id, "title": subtask_id.title(), "points": 10, "probes": given} | more
    )


def prepared(made: Subtask, answers: Mapping[str, Any]) -> tuple[PreparedProbe, ...]:
    """Give a subtask's probes, by id, their expected answers."""
    return tuple(
        PreparedProbe(
            **{name: getattr(probe, name) for name in type(probe).model_fields},
            expected=v(answers[probe.id]),
        )
        for probe in probes_of([made])
    )


def situation(
    *cells: Cell, subtask_id: str = "s", verdicts: Mapping[str, Verdict] | None = None, **more: Any
) -> Situation:
    """Say what is known besides the replay."""
    return Situation(
        subtask=subtask_id,
        titles={"s": "Second", "first": "First"},
        verdicts=verdicts or {},
        cells=cells,
        wall_seconds=120,
        **more,
    )


def failing(
    name: str, message: str = "", line: int | None = None, bases: Sequence[str] = ()
) -> CellFailure:
    """Make an exception that ended a cell or an answer."""
    return CellFailure(name=name, message=message, line=line, bases=tuple(bases))


def replay(
    cells: Mapping[str, CellFailure | None],
    answers: Mapping[str, Any] | None = None,
    outcome: ReplayOutcome = "completed",
    printed: Mapping[str, str] | None = None,
) -> ReplayResult:
    """Make a replay's result; an answer that is a `CellFailure` was raised."""
    return ReplayResult(
        outcome=outcome,
        cells=tuple(
            CellResult(
                id=cell_id,
                ok=failure is None,
                failure=failure,
                stdout=(printed or {}).get(cell_id, ""),
            )
            for cell_id, failure in cells.items()
        ),
        answers=tuple(
            Answer(question_id=probe_id, failure=answer)
            if isinstance(answer, CellFailure)
            else Answer(question_id=probe_id, value=v(answer))
            for probe_id, answer in (answers or {}).items()
        ),
    )


class Interpreter:
    """A replayer that runs plain Python in this process: for text that we wrote, and only here."""

    def __init__(self) -> None:
        self.requests: list[ReplayRequest] = []

    async def replay(self, request: ReplayRequest) -> ReplayResult:
        """Run cells and evaluate questions, as a sandbox would."""
        self.requests.append(request)
        namespace: dict[str, Any] = {}
        cells: dict[str, CellFailure | None] = {}
        printed: dict[str, str] = {}
        answers = {}

        def ask_after(cell_id: str | None) -> None:
            for question in request.questions:
                if question.after == cell_id:
                    ask = question.ask
                    assert not isinstance(ask, AskFigures | AskFile | AskTest), "only a sandbox can"
                    text = ask.expression if isinstance(ask, AskValue) else call_text(ask)
                    value, failure = _attempt(lambda t=text: eval(t, namespace))  # noqa: S307 - our own text
                    answers[question.id] = failure or value

        for replayed in request.cells:
            with contextlib.redirect_stdout(io.StringIO()) as output:
                cells[replayed.id] = _attempt(lambda s=replayed.source: exec(s, namespace))[1]  # noqa: S102 - our own text
            printed[replayed.id] = output.getvalue()
            ask_after(replayed.id)
        ask_after(None)
        return replay(cells, answers, printed=printed)


def _attempt(what: Any) -> tuple[Any, CellFailure | None]:
    try:
        return what(), None
    except Exception as error:  # noqa: BLE001 - whatever the notebook raises is its answer
        line = error.lineno if isinstance(error, SyntaxError) else None
        return None, CellFailure(
            name=type(error).__name__,
            bases=tuple(kind.__name__ for kind in type(error).__mro__[1:]),
            message=str(error),
            traceback="Traceback …",
            line=line,
        )
