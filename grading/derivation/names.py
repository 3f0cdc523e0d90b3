"""What a subtask's answer consists of, from its text and code: names, functions, a last line."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from grading.derivation.recording import functions_of
from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.interface import interface_names, mentioned_names, subtask_text
from notebooks.cases.profile import Subtask
from notebooks.cases.settled import SettledAnswer

_WORD = re.compile(r"[^\W\d]\w*")
_PREDICTING = ("predict", "predict_proba", "decision_function", "transform", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """What can be asked about one subtask."""

    subtask: str
    values: tuple[str, ...]
    """Names that a student has to bind, in order."""
    functions: tuple[ast.FunctionDef, ...]
    shows: bool
    """Whether the last line of its last cell shows a value that is not one of the names."""
    uses: dict[str, tuple[str, ...]]
    """Of each name: expressions of the case that ask it to predict or transform something."""
    text: str
    """Everything that is written in the subtask's texts."""
    code: str = ""
    """Everything that its cells of the ideal solution do."""
    answers: Mapping[str, SettledAnswer] = field(default_factory=dict)
    """What its author says of names (`share`) and arguments (`mean.values`)."""

    def arguments_of(self, function: str) -> Mapping[str, SettledAnswer]:
        """Return what the author says of a function's arguments, by parameter."""
        prefix = f"{function}."
        return {
            of.removeprefix(prefix): answer
            for of, answer in self.answers.items()
            if of.startswith(prefix)
        }


def answerable(subtask: Subtask, cells: Sequence[Cell]) -> Answerable:
    """Return what the ideal solution says about a subtask's interface.

    Names that the text mentions, or that other cells read, or that the author declared.
    """
    text = subtask_text(subtask.id, cells)
    own = [cell for cell in cells if cell.kind == "code" and cell.subtask == subtask.id]
    functions = {name: node for cell in own for name, node in functions_of(cell).items()}
    names = dict.fromkeys(interface_names(subtask, cells))
    if not subtask.interface:
        bound = [name for tree in _trees(own) for name in _assigned(tree)]
        mentioned = mentioned_names(text, bound)
        names |= dict.fromkeys(name for name in bound if name in mentioned)
    values = tuple(name for name in names if name not in functions)
    return Answerable(
        subtask=subtask.id,
        values=values,
        functions=tuple(functions[name] for name in names if name in functions),
        shows=_shows(own, names),
        uses={name: tuple(dict.fromkeys(_uses(name, cells))) for name in values},
        text=text,
        code="\n".join(cell.source for cell in own),
        answers={answer.of: answer for answer in subtask.answers},
    )


def columns_that_decide(
    frame: str, columns: Sequence[str], subtask: Answerable, cells: Sequence[Cell]
) -> tuple[str, ...]:
    """Return the columns of a frame that are part of the task.

    A column that only the ideal's own cells of the subtask make and use is its scratch; every
    other one is the data's, or is mentioned in a text or read by another cell.
    """
    own = [cell for cell in cells if cell.subtask == subtask.subtask and cell.kind == "code"]
    others = [cell for cell in cells if cell.subtask != subtask.subtask or cell.kind != "code"]
    made = {name for tree in _trees(own) for name in _columns_set(frame, tree)}
    read = {word for cell in others for word in _strings(cell)} | set(_WORD.findall(subtask.text))
    return tuple(
        column for column in columns if column not in made or _written(column, read, subtask.text)
    )


def _written(column: str, read: Collection[str], text: str) -> bool:
    return column in read or column in text


def _trees(cells: Sequence[Cell]) -> Iterator[ast.Module]:
    for cell in cells:
        try:
            yield code.parse(cell.source)
        except SyntaxError:
            continue


def _assigned(tree: ast.Module) -> Iterator[str]:
    for name, statement in code.bound_names(tree.body).items():
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.With | ast.For):
            yield name


def _shows(own: Sequence[Cell], names: Collection[str]) -> bool:
    trees = list(_trees(own))
    if not trees or not trees[-1].body:
        return False
    last = trees[-1].body[-1]
    if not isinstance(last, ast.Expr):
        return False
    match last.value:
        case ast.Name(id=name):
            return name not in names
        case ast.Call(func=ast.Name(id="print" | "display")) | ast.Constant():
            return False
    return True


def _uses(name: str, cells: Sequence[Cell]) -> Iterator[str]:
    for tree in _trees([cell for cell in cells if cell.kind == "code"]):
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=found), attr=method), args=args
                ) if (
                    found == name
                    and method in _PREDICTING
                    and all(isinstance(arg, ast.Name) for arg in args)
                ):
                    yield ast.unparse(node)


def _columns_set(frame: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Name(id=found), slice=ast.Constant(value=str(column)), ctx=ast.Store()
            ) if found == frame:
                yield column
            case ast.Call(func=ast.Attribute(attr="assign"), keywords=keywords):
                yield from (keyword.arg for keyword in keywords if keyword.arg)


def _strings(cell: Cell) -> Iterator[str]:
    if cell.kind == "markdown":
        yield from _WORD.findall(cell.source)
        return
    for tree in _trees([cell]):
        for node in ast.walk(tree):
            match node:
                case ast.Constant(value=str(text)):
                    yield text
                case ast.Attribute(attr=name):
                    yield name
