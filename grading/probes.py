"""Probes as prepared records: what is asked, and what the ideal solution answered."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from grading.checks.keeping import questions
from grading.checks.records import (
    Agrees,
    Check,
    Draws,
    GivenCall,
    Keeps,
    Prints,
    Raises,
    Scores,
    ScoresFile,
)
from grading.comparison import render
from grading.errors import ProbeError
from grading.evidence import ProbeKind
from grading.names import interface_name, root_names
from notebooks.cases.hidden import right_answers
from notebooks.cases.keyed import Fault
from notebooks.cases.probes import (
    FigureProbe,
    FileProbe,
    MetricProbe,
    Probe,
    PropertyProbe,
    RaisesProbe,
    StdoutProbe,
    Tolerance,
    ValueProbe,
)
from notebooks.cases.profile import Subtask
from notebooks.kernels.records import Ask, AskCall, AskFigures, AskFile, AskValue, Question
from notebooks.kernels.values import (
    Bool,
    Dict,
    Float,
    Int,
    Moment,
    NoneValue,
    Str,
    Value,
)
from notebooks.kernels.values import Sequence as Items

MAX_ARGUMENT_DEPTH = 20

LAST_SHOWN = "_"
"""What IPython calls the value that the last line showed."""


_KINDS: Mapping[type[Check], ProbeKind] = {
    Raises: "raises",
    Prints: "stdout",
    Draws: "figure",
    Scores: "metric",
    ScoresFile: "file",
    Keeps: "property",
}


class OpenProbe(BaseModel):
    """A question about a notebook that the ideal solution has still to answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    subtask: str
    ask: Ask | None
    """None where nothing has to be asked: what cells print comes back without; and of a property,
    whose check says which calls there are."""
    asked: str
    """The question in the words of Python, for people."""
    about: str | None = None
    """The same in the author's words, Markdown; students read these where there are any."""
    names: tuple[str, ...] = ()
    """The notebook's names that it reads."""
    check: Check = Agrees()
    """How the answer is judged."""
    tolerance: Tolerance = Tolerance()
    hint: str | None = None
    reveal: Literal["observed", "nothing"] = "observed"
    origin: Literal["author", "derived"] = "author"
    on_interface: bool = True

    @property
    def kind(self) -> ProbeKind:
        """Return what its evidence is called."""
        asked: ProbeKind = "value" if isinstance(self.ask, AskValue) else "call"
        return _KINDS.get(type(self.check), asked)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return the question as a sandbox is asked it, if it is; a property has several."""
        if isinstance(self.check, Keeps):
            return tuple(
                Question(id=f"{self.id}/{call.number}/{form}", ask=ask)
                for call, form, ask in questions(self.check)
            )
        return () if self.ask is None else (Question(id=self.id, ask=self.ask),)


class PreparedProbe(OpenProbe):
    """A probe with the answer that the ideal solution gave; never sent to a sandbox."""

    expected: Value


def probes_of(
    subtasks: Sequence[Subtask], hidden: Mapping[str, bytes] = MappingProxyType({})
) -> tuple[OpenProbe, ...]:
    """Return the authors' probes of all subtasks, in their order, each with an id of its own.

    `hidden` are the files with right answers that probes name.

    Raises:
        ProbeError: two probes share an id, or an argument has no exact kind.
    """
    made: dict[str, OpenProbe] = {}
    for subtask in subtasks:
        for number, probe in enumerate(subtask.probes, start=1):
            opened = _opened(subtask, probe, probe.id or f"{subtask.id}-{number}", hidden)
            if opened.id in made:
                raise ProbeError(opened.id, f"Two probes are called `{opened.id}`: rename one.")
            made[opened.id] = opened
    return tuple(made.values())


def _opened(
    subtask: Subtask, probe: Probe, probe_id: str, hidden: Mapping[str, bytes]
) -> OpenProbe:
    ask, asked = _question(probe, probe_id)
    names = _names(probe)
    interface = {interface_name(entry) for entry in subtask.interface}
    return OpenProbe(
        id=probe_id,
        subtask=subtask.id,
        ask=ask,
        asked=asked,
        about=probe.about and " ".join(probe.about.split()),
        names=tuple(sorted(names)),
        check=_check(probe, probe_id, hidden),
        tolerance=probe.tolerance,
        hint=probe.message,
        reveal=probe.reveal,
        on_interface=not interface or not names or bool(names & interface),
    )


def _check(  # noqa: PLR0911 - one return per kind
    probe: Probe, probe_id: str, hidden: Mapping[str, bytes]
) -> Check:
    match probe:
        case RaisesProbe():
            return Raises(error=probe.error, text=probe.text)
        case StdoutProbe():
            return Prints(other_lines=probe.other_lines == "allowed")
        case FigureProbe():
            return Draws(aspects=probe.aspects)
        case MetricProbe():
            bounds = {"at_least": probe.at_least, "at_most": probe.at_most}
            labels = _typed(probe.labels, probe_id)
            return Scores(metric=probe.metric, labels=labels, **bounds)
        case FileProbe():
            return _scores_file(probe, probe_id, hidden)
        case PropertyProbe():
            return _keeps(probe, probe_id)
        case _:
            return Agrees()


def _scores_file(probe: FileProbe, probe_id: str, hidden: Mapping[str, bytes]) -> ScoresFile:
    labels = right_answers(probe, hidden.get(probe.against, b""))
    if isinstance(labels, Fault):
        raise ProbeError(probe_id, f"{probe.against} holds no right answers.")
    return ScoresFile(
        file=probe.file,
        key=probe.key,
        column=probe.column,
        keys=tuple(labels),
        scores=Scores(
            metric=probe.metric,
            labels=_typed(list(labels.values()), probe_id),
            at_least=probe.at_least,
            at_most=probe.at_most,
        ),
    )


def _keeps(probe: PropertyProbe, probe_id: str) -> Keeps:
    names = tuple(probe.given[0]) if probe.given else ()
    return Keeps(
        function=probe.function,
        names=names,
        calls=tuple(
            GivenCall(number=number, args=tuple(_typed(call[name], probe_id) for name in names))
            for number, call in enumerate(probe.given)
        ),
        holds=probe.holds,
        where=probe.where,
        variations=probe.variations,
    )


def _names(probe: Probe) -> frozenset[str]:
    match probe:
        case StdoutProbe() | FigureProbe() | FileProbe():
            return frozenset()
        case ValueProbe():
            return root_names(probe.expression)
        case _:
            return root_names(probe.function)


def _question(probe: Probe, probe_id: str) -> tuple[Ask | None, str]:
    """Return what a sandbox is asked, and the same in the words of Python."""
    if isinstance(probe, StdoutProbe):
        return None, "print(…)"
    if isinstance(probe, FigureProbe):
        return AskFigures(), "figure"
    if isinstance(probe, FileProbe):
        return AskFile(path=probe.file), probe.file
    if isinstance(probe, ValueProbe):
        return AskValue(expression=probe.expression), probe.expression
    if isinstance(probe, PropertyProbe):
        stated = "" if probe.reveal == "nothing" else f": {'; '.join(probe.holds)}"
        return None, f"{probe.function}(…){stated}"
    ask = AskCall(
        function=probe.function,
        args=tuple(_typed(argument, probe_id) for argument in probe.args),
        kwargs={name: _typed(argument, probe_id) for name, argument in probe.kwargs.items()},
    )
    hidden = probe.reveal == "nothing" or isinstance(probe, MetricProbe)
    return ask, f"{probe.function}(…)" if hidden else call_text(ask)


def call_text(ask: AskCall) -> str:
    """Return a call in the words of Python, its arguments cut where they are long."""
    args = [render(argument, limit=60) for argument in ask.args]
    args += [f"{name}={render(argument, limit=60)}" for name, argument in ask.kwargs.items()]
    return f"{ask.function}({', '.join(args)})"


def _typed(thing: object, probe_id: str) -> Value:
    try:
        return typed(thing)
    except TypeError as error:
        raise ProbeError(probe_id, str(error)) from error


def typed(thing: object, depth: int = 0) -> Value:  # noqa: C901, PLR0911 - one return per kind
    """Return a plain YAML value as a typed one.

    Raises:
        TypeError: YAML made something of it that has no exact kind here.
    """
    if depth > MAX_ARGUMENT_DEPTH:
        raise TypeError("An argument is nested too deeply.")
    match thing:
        case None:
            return NoneValue()
        case bool():
            return Bool(v=thing)
        case int():
            return Int(v=str(thing))
        case float():
            return Float(v=repr(thing))
        case str():
            return Str(v=thing)
        case datetime():
            return Moment(t="datetime", v=thing.isoformat())
        case date():
            return Moment(t="date", v=thing.isoformat())
        case list() | tuple():
            return Items(t="list", v=tuple(typed(item, depth + 1) for item in thing))
        case Mapping():
            return Dict(
                v=tuple((typed(k, depth + 1), typed(v, depth + 1)) for k, v in thing.items())
            )
        case _:
            raise TypeError(f"An argument is a {type(thing).__name__}, which no probe can pass on.")
