"""What a case's questions leave open, as one-line questions to its author."""

from collections.abc import Iterator, Sequence

from grading.derivation.functions import varied_parameters
from grading.derivation.names import Answerable
from grading.derivation.recording import Call
from grading.probes import PreparedProbe
from notebooks.kernels.records import AskCall


def gaps(subtask: Answerable, probes: Sequence[PreparedProbe]) -> Iterator[str]:
    """Yield what of a subtask's answer nobody asks about, each with what the author can do."""
    own = [probe for probe in probes if probe.subtask == subtask.subtask]
    if not own:
        yield (
            f"Subtask {subtask.subtask} asks nothing: let its text name what is to be stored, "
            "or write a probe for it in case.yaml."
        )
        return
    read = {name for probe in own for name in probe.names}
    for name in subtask.values:
        if name not in read:
            yield (
                f"`{name}` of subtask {subtask.subtask} is not covered: it varies from run to run "
                "or is no value that can be compared. Ask for a part of it in case.yaml."
            )
    for function in subtask.functions:
        calls = [
            Call(probe.ask.args, tuple(probe.ask.kwargs.items()))
            for probe in own
            if isinstance(probe.ask, AskCall) and probe.ask.function == function.name
        ]
        if not calls:
            yield (
                f"`{function.name}` of subtask {subtask.subtask} is never called: call it once in "
                "the solution, or show an example in its docstring."
            )
            continue
        for parameter, varied in varied_parameters(function, calls).items():
            if not varied:
                yield (
                    f"`{parameter}` of `{function.name}` is only ever asked with one value: may "
                    "it have others? Call the function with one in the solution."
                )
