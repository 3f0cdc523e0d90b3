"""IPython without a terminal: runs a cell, evaluates a question, describes an exception."""

import ast
import contextlib
import io
import sys
import traceback
from collections import defaultdict
from types import TracebackType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from notebooks.kernels.replay.inside import figures, files
from notebooks.kernels.replay.inside.decode import decode
from notebooks.kernels.replay.inside.encode import clean, encode

Json = dict[str, Any]

_MAX_STDOUT = 64 * 1024
_MAX_MESSAGE = 2000
_MAX_TRACEBACK = 8000
_MAX_FRAMES = 20
_MAX_BASES = 20
_CELL = "<cell "


class _Printed(io.TextIOBase):
    """Takes what a cell prints, as far as there is room."""

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._left = limit

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self._left > 0:
            kept = str(text)[: self._left]
            self._left -= len(kept)
            self._parts.append(kept)
        return len(text)

    def text(self) -> str:
        return clean("".join(self._parts))


class _CellCompiler(CachingCompiler):
    """Names the code of a cell after the cell, so that a traceback can be read."""

    cell = ""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        del raw_code, transformed_code, number
        return f"{_CELL}{_CellCompiler.cell}>"


class _Silent(DisplayHook):
    """Keeps `_` up to date but formats nothing: nobody looks at it."""

    def update_user_ns(self, result: object) -> None:
        """Keep the newest value only; IPython's own way would keep all of them alive."""
        if self.shell is not None:
            self.shell.user_ns["_"] = result

    def compute_format_data(self, _result: object) -> tuple[Json, Json]:
        return {}, {}

    def write_output_prompt(self) -> None:
        """Write nothing."""

    def write_format_data(self, _format: object, _metadata: object = None) -> None:
        """Write nothing."""


class _NoDisplay(DisplayPublisher):
    """Shows nothing."""

    def publish(self, *_arguments: Any, **_options: Any) -> None:  # noqa: ANN401 - IPython's
        """Drop it."""


class Shell(InteractiveShell):
    """IPython without a terminal, a history or a screen."""

    compiler_class = Type(_CellCompiler)
    displayhook_class = Type(_Silent)
    display_pub_class = Type(_NoDisplay)

    def enable_gui(self, gui: object = None) -> None:
        """Accept what `%matplotlib inline` asks for."""
        del gui

    def enable_matplotlib(self, gui: str | None = None) -> Any:  # noqa: ANN401 - IPython's
        """Do what `%matplotlib` asks for, but leave the figures of a cell to `figures`."""
        enabled = super().enable_matplotlib(gui)  # type: ignore[no-untyped-call] # IPython's
        inline: Any = sys.modules.get("matplotlib_inline.backend_inline")
        if inline is not None:
            with contextlib.suppress(ValueError):  # it was not registered
                self.events.unregister("post_execute", inline.flush_figures)
        figures.prepare()
        return enabled

    def showtraceback(self, *_arguments: Any, **_options: Any) -> None:  # noqa: ANN401 - IPython's
        """Print nothing; the exception is reported as data."""

    def showsyntaxerror(self, *_arguments: Any, **_options: Any) -> None:  # noqa: ANN401 - IPython's
        """Print nothing, as above."""


class _Forgetful(defaultdict[int, list[object]]):
    """A history of outputs that keeps none: a loop of prints would use up the memory by it."""

    def __missing__(self, cell: int) -> list[object]:
        return []


def make_shell() -> Shell:
    """Return the one shell of this process."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    shell: Shell = Shell.instance(config=config)
    if shell.history_manager is not None:
        shell.history_manager.outputs = _Forgetful(list)
    return shell


def run_cell(shell: Shell, order: Json) -> Json:
    """Execute a cell and tell whether it went well, why not, and what it printed."""
    _CellCompiler.cell = order["id"]
    figures.prepare()
    printed = _Printed(_MAX_STDOUT)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(_Printed(0)):
        result = shell.run_cell(order["source"], store_history=False)  # type: ignore[no-untyped-call] # IPython's
        figures.put_away(order["id"])
    error = result.error_before_exec or result.error_in_exec
    failure = None if error is None else _failure(error, f"{_CELL}{order['id']}>")
    return {"ok": error is None, "failure": failure, "stdout": printed.text()}


def ask(shell: Shell, question: Json) -> Json:
    """Return the value that a question finds, or the exception that it meets."""
    with contextlib.redirect_stdout(_Printed(0)), contextlib.redirect_stderr(_Printed(0)):
        try:
            if question["kind"] == "value":
                found = _evaluate(shell, question["expression"])
            elif question["kind"] == "figures":
                found = figures.read(question["cells"])
            elif question["kind"] == "file":
                found = files.read(question["path"], question["max_bytes"])
            elif question["kind"] == "test":
                found = _execute(shell, question["source"])
            else:
                function = _evaluate(shell, question["function"])
                args = [decode(value) for value in question["args"]]
                kwargs = {name: decode(value) for name, value in question["kwargs"].items()}
                found = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - a student's function may raise anything
            return {"failure": _failure(error, None)}
        return {"value": encode(found)}


def _evaluate(shell: Shell, expression: str) -> Any:  # noqa: ANN401 - any value comes out
    code = compile(expression, "<question>", "eval")
    # A question of the author's, asked where the student's code has run anyway.
    return eval(code, shell.user_ns)  # noqa: S307 # nosec B307


def _execute(shell: Shell, source: str) -> Any:  # noqa: ANN401 - any value comes out
    """Execute statements and return the value of the last one, an expression."""
    *body, last = ast.parse(source).body
    code = compile(ast.Module(body=body, type_ignores=[]), "<test>", "exec")
    # As above: the author's code, where the student's has run anyway.
    exec(code, shell.user_ns)  # noqa: S102 # nosec B102
    return _evaluate(shell, ast.unparse(last))


def _failure(error: BaseException, cell: str | None) -> Json:
    """Describe an exception; its own methods may raise or lie."""
    try:
        message = str(error)
        message = message if type(message) is str else ""
    except BaseException:  # noqa: BLE001 - as above
        message = ""
    lines = _cell_lines(error)
    own = [line for name, line in lines if cell is None or name == cell]
    return {
        "name": clean(type(error).__name__)[:200],
        "bases": _bases(error),
        "message": clean(message[:_MAX_MESSAGE]),
        "traceback": _traceback(error, message),
        "line": own[-1] if own else None,
    }


def _bases(error: BaseException) -> list[str]:
    try:
        return [clean(kind.__name__)[:200] for kind in type(error).__mro__[1:_MAX_BASES]]
    except BaseException:  # noqa: BLE001 - a class of the student's may raise here, too
        return []


def _cell_lines(error: BaseException) -> list[tuple[str, int]]:
    if isinstance(error, SyntaxError) and str(error.filename).startswith(_CELL):
        line = error.lineno
        return [(str(error.filename), line)] if type(line) is int and line > 0 else []
    return [
        (frame.filename, frame.lineno)
        for frame in _frames(error.__traceback__)
        if frame.lineno is not None
    ]


def _frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(trace)
    return [frame for frame in frames if frame.filename.startswith(_CELL)][-_MAX_FRAMES:]


def _traceback(error: BaseException, message: str) -> str:
    try:
        shown = traceback.format_list(_frames(error.__traceback__))
    except BaseException:  # noqa: BLE001 - a traceback may hold anything
        shown = []
    text = "".join(shown) + f"{type(error).__name__}: {message[:_MAX_MESSAGE]}"
    return clean(text[-_MAX_TRACEBACK:])
