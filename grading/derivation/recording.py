"""How the calls that an ideal solution makes are noted down: lines of ours among its own.

Only ideal solutions are recorded; a student's notebook is never run with this in it.
"""

import ast
import doctest
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grading.derivation.plain import value_of
from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.kernels.values import Dict, Opaque, Value
from notebooks.kernels.values import Sequence as Items
from notebooks.syntax import parse_module

MAX_RECORDED = 300
"""Calls of one function that are noted down."""

_CALLS = "_casebook_calls"

_RECORDER = f"""
import copy as _casebook_copy, functools as _casebook_functools
{_CALLS} = globals().get("{_CALLS}", {{}})
def _casebook_record(name, function, calls):
    inside = False
    @_casebook_functools.wraps(function)
    def recorder(*args, **kwargs):
        nonlocal inside
        if not inside and len(calls) < {MAX_RECORDED}:
            try:
                calls.append(_casebook_copy.deepcopy((list(args), kwargs)))
            except Exception:
                pass
        outer, inside = inside, True
        try:
            return function(*args, **kwargs)
        finally:
            inside = outer
    return recorder
"""


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments that a function was called with."""

    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()


def functions_of(cell: Cell) -> dict[str, ast.FunctionDef]:
    """Return the functions that a cell defines at its top level, by name."""
    if cell.kind != "code" or not cell.replay:
        return {}
    try:
        tree = code.parse(cell.source)
    except SyntaxError:
        return {}
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def recorded(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells with a recorder around each function, from the line after its definition."""
    if not any(map(functions_of, cells)):
        return tuple(cells)
    prelude = Cell(id="casebook-recorder", kind="code", source=_RECORDER)
    return (prelude, *(_with_recorders(cell) for cell in cells))


def _with_recorders(cell: Cell) -> Cell:
    lines = cell.source.split("\n")
    for name, node in reversed(functions_of(cell).items()):
        calls = f"{_CALLS}.setdefault({name!r}, [])"
        lines.insert(
            node.end_lineno or node.lineno, f"{name} = _casebook_record({name!r}, {name}, {calls})"
        )
    return cell.model_copy(update={"source": "\n".join(lines)})


def calls_expression(function: str) -> str:
    """Return the expression whose value `calls_in` reads."""
    return f"{_CALLS}[{function!r}]"


def calls_in(value: Value | None) -> tuple[Call, ...]:
    """Return the different calls in an answer to `calls_expression`, in their order."""
    if not isinstance(value, Items):
        return ()
    found: dict[Call, None] = {}
    for entry in value.v:
        match entry:
            case Items(v=(Items(v=args), Dict(v=pairs))):
                call = Call(tuple(args), tuple((str(_text(key)), item) for key, item in pairs))
                if not any(_has_opaque(one) for one in (*args, *(item for _, item in pairs))):
                    found.setdefault(call)
    return tuple(found)


def documented_calls(function: ast.FunctionDef) -> tuple[Call, ...]:
    """Return the calls with literal arguments in the examples of a docstring."""
    text = ast.get_docstring(function)
    if text is None:
        return ()
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return ()
    return tuple(call for one in examples for call in _literal_calls(function.name, one.source))


def _literal_calls(name: str, source: str) -> Iterator[Call]:
    try:
        tree = parse_module(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=found), args=args, keywords=keywords) if found == name:
                try:
                    yield Call(
                        tuple(value_of(ast.literal_eval(arg)) for arg in args),
                        tuple(
                            (str(keyword.arg), value_of(ast.literal_eval(keyword.value)))
                            for keyword in keywords
                        ),
                    )
                except (ValueError, TypeError, SyntaxError):
                    continue


def _text(key: Value) -> object:
    return getattr(key, "v", "")


def _has_opaque(value: Value) -> bool:
    if isinstance(value, Opaque):
        return True
    if isinstance(value, Items):
        return any(map(_has_opaque, value.v))
    if isinstance(value, Dict):
        return any(_has_opaque(key) or _has_opaque(item) for key, item in value.v)
    return False


def positional(function: ast.FunctionDef, call: Call) -> Mapping[str, Value]:
    """Return a call's arguments by the names of the function's parameters; empty if it has none."""
    arguments = function.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    bound = dict(zip(names, call.args, strict=False))
    return {**bound, **dict(call.kwargs)}
