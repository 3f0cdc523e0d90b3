"""What a case's questions leave open, as one-line questions to its author."""

from collections.abc import Iterator, Sequence

from grading.derivation.domain_questions import OpenQuestion, about_arguments, about_values
from grading.derivation.functions import varied_parameters
from grading.derivation.names import Answerable
from grading.derivation.recording import Call
from grading.probes import PreparedProbe
from notebooks.kernels.records import AskCall


def gaps(subtask: Answerable, probes: Sequence[PreparedProbe]) -> Iterator[OpenQuestion]:
    """Yield what of a subtask's answer nobody asks about, each with what the author can do.

    What the author has answered in `case.yaml` is not asked again.
    """
    own = [probe for probe in probes if probe.subtask == subtask.subtask]
    if not own:
        yield OpenQuestion(
            f"Subtask {subtask.subtask} asks nothing: let its text name what is to be stored, "
            "or write a probe for it in case.yaml."
        )
        return
    read = {name for probe in own for name in probe.names}
    for name in subtask.values:
        if name not in read:
            yield OpenQuestion(
                f"`{name}` of subtask {subtask.subtask} is not covered: it varies from run to run "
                "or is no value that can be compared. Ask for a part of it in case.yaml."
            )
    yield from about_values(subtask, own)
    for function in subtask.functions:
        calls = [
            Call(probe.ask.args, tuple(probe.ask.kwargs.items()))
            for probe in own
            if isinstance(probe.ask, AskCall) and probe.ask.function == function.name
        ]
        if not calls:
            yield OpenQuestion(
                f"`{function.name}` of subtask {subtask.subtask} is never called: call it once in "
                "the solution, or show an example in its docstring."
            )
            continue
        answers = subtask.arguments_of(function.name)
        for parameter, varied in varied_parameters(function, calls).items():
            if not varied and (parameter not in answers or answers[parameter].others is None):
                yield OpenQuestion(
                    f"`{parameter}` of `{function.name}` is only ever asked with one value: what "
                    "else may it be? An empty list says: nothing.",
                    {"of": f"{function.name}.{parameter}", "others": []},
                )
        yield from about_arguments(function, calls, answers)
