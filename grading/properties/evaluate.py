"""Working out what an author's expression says of data: node by node, never by Python's `eval`.

The data may be anything that a student's process claims, so whatever an expression does is bounded:
every node that is visited and every item that is gone through is paid for.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from grading.properties.budget import Budget, TooMuchError
from grading.properties.functions import equal, functions, truth
from grading.properties.things import Frame, Thing, items_of, row
from notebooks.cases.expressions import parse
from notebooks.cases.probes import Tolerance

_MAX_SIZE = 1_000_000
_MAX_BITS = 40_000
_MAX_EXPONENT = 64

_NUMERIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class UnfitError(ValueError):
    """The data are not such that the expression says anything of them."""


def holds(
    expression: str, names: Mapping[str, Thing], tolerance: Tolerance, budget: Budget
) -> bool:
    """Return whether an expression is true of things by name.

    Raises:
        UnfitError: it says nothing of such things, as `1 < "a"` does.
        TooMuchError: they are too large.
    """
    try:
        tree = parse(expression)
        with np.errstate(all="ignore"):
            return truth(_Evaluation(names, tolerance, budget).value(tree))
    except TooMuchError:
        raise
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise UnfitError(str(error)) from error


class _Evaluation:
    def __init__(self, names: Mapping[str, Thing], tolerance: Tolerance, budget: Budget) -> None:
        self._names = dict(names)
        self._functions = functions(tolerance)
        self._spend = budget.spend

    def value(self, node: ast.expr) -> Thing:  # noqa: C901, PLR0911, PLR0912 - one per kind
        self._spend(1)
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._names[node.id]
            case ast.BoolOp():
                return self._joined(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(type(node.op), self.value(node.left), self.value(node.right))
            case ast.Compare():
                return self._compared(node)
            case ast.IfExp():
                return self.value(node.body if truth(self.value(node.test)) else node.orelse)
            case ast.Call(func=ast.Name(id=name)):
                given = [self.value(one) for one in node.args]
                self._spend(sum(map(_size, given)))
                return self._functions[name](*given)
            case ast.Attribute():
                return _attribute(self.value(node.value), node.attr)
            case ast.Subscript():
                return self._part(self.value(node.value), node.slice)
            case ast.List() | ast.Tuple():
                return row([self.value(one) for one in node.elts])
            case ast.Set():
                return frozenset(self.value(one) for one in node.elts)
            case ast.ListComp() | ast.GeneratorExp():
                return row(list(self._each(node.elt, node.generators)))
            case ast.SetComp():
                return frozenset(self._each(node.elt, node.generators))
        raise UnfitError(f"{type(node).__name__} cannot be worked out")

    def _joined(self, node: ast.BoolOp) -> bool:
        decided = isinstance(node.op, ast.Or)
        return decided == any(truth(self.value(one)) == decided for one in node.values)

    def _unary(self, node: ast.UnaryOp) -> Thing:
        made = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return not truth(made)
        return -_number(made) if isinstance(node.op, ast.USub) else +_number(made)

    def _binary(self, op: type[ast.operator], left: Thing, right: Thing) -> Thing:
        self._spend((_size(left) + _size(right)) // 100)
        match left, right:
            case frozenset(), frozenset() if op is ast.Sub:
                return left - right
            case (str(), str()) | (list(), list()) if op is ast.Add:
                self._spend(_size(left) + _size(right))
                return left + right
        _bounded(op, left, right)
        return _NUMERIC[op](_number(left), _number(right))

    def _compared(self, node: ast.Compare) -> Thing:
        left, made = self.value(node.left), None
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other)
            one = self._relation(op, left, right)
            if len(node.ops) == 1:
                return one
            made, left = truth(one), right
            if not made:
                return False
        return made

    def _relation(self, op: ast.cmpop, left: Thing, right: Thing) -> Thing:
        rows = [isinstance(one, np.ndarray) for one in (left, right)]
        match op:
            case ast.Is() | ast.IsNot():
                if right is not None:
                    raise UnfitError("`is` is for None alone")
                return (left is None) == isinstance(op, ast.Is)
            case ast.In() | ast.NotIn():
                return self._contains(right, left) == isinstance(op, ast.In)
            case ast.Eq() | ast.NotEq():
                self._spend(_size(left))
                number = isinstance(right if rows[0] else left, int | float)
                if rows[0] != rows[1] and number:
                    return left == right if isinstance(op, ast.Eq) else left != right
                return equal(left, right) == isinstance(op, ast.Eq)
        if all(rows) and left.shape != right.shape:
            raise UnfitError("rows of other lengths cannot be compared by their items")
        if any(rows):
            left, right = _number(left), _number(right)
        self._spend(_size(left))
        return _ORDER[type(op)](left, right)

    def _contains(self, many: Thing, item: Thing) -> bool:
        if isinstance(many, Frame):
            return item in many.columns
        if isinstance(many, frozenset | dict):
            return item in many
        self._spend(_size(many))
        if isinstance(many, str):
            return item in many
        if isinstance(many, np.ndarray) and isinstance(item, int | float):
            return bool(np.any(many == item))
        return any(equal(one, item) for one in items_of(many))

    def _part(self, made: Thing, place: ast.expr) -> Thing:
        if isinstance(made, Frame):
            return made.columns[self.value(place)]
        if isinstance(place, ast.Tuple):
            if not isinstance(made, np.ndarray):
                raise UnfitError("only an array has two directions")
            return _plain(made[tuple(self._place(one) for one in place.elts)])
        self._spend(_size(made) // 100)
        return _plain(made[self._place(place)])

    def _place(self, node: ast.expr) -> Any:  # noqa: ANN401 - an index, a slice or a key
        if not isinstance(node, ast.Slice):
            return self.value(node)
        ends = (node.lower, node.upper, node.step)
        return slice(*(None if one is None else self.value(one) for one in ends))

    def _each(self, wanted: ast.expr, loops: list[ast.comprehension]) -> Iterator[Thing]:
        if not loops:
            yield self.value(wanted)
            return
        loop, *inner = loops
        many = items_of(self.value(loop.iter))
        self._spend(len(many))
        before = dict(self._names)
        for item in many:
            self._bind(loop.target, item)
            if all(truth(self.value(test)) for test in loop.ifs):
                yield from self._each(wanted, inner)
        self._names = before

    def _bind(self, target: ast.expr, item: Thing) -> None:
        match target:
            case ast.Name():
                self._names[target.id] = item
            case ast.Tuple() | ast.List():
                parts = items_of(item)
                for one, part in zip(target.elts, parts, strict=True):
                    self._bind(one, part)
            case _:
                raise UnfitError("a loop needs a name")


def _attribute(made: Thing, name: str) -> Thing:
    if isinstance(made, Frame):
        if name == "columns":
            return row(list(made.columns))
        if name == "shape":
            return row([made.rows, len(made.columns)])
    elif isinstance(made, np.ndarray) and name in {"shape", "size", "ndim"}:
        found = getattr(made, name)
        return row(list(found)) if name == "shape" else found
    raise UnfitError(f"this has no .{name}")


def _number(made: Thing) -> Any:  # noqa: ANN401 - a number, or an array of some
    if isinstance(made, int | float | complex):
        return made
    if isinstance(made, np.ndarray):
        return made.astype(np.int64) if made.dtype.kind == "b" else made
    raise UnfitError("numbers are needed")


def _plain(made: Any) -> Thing:  # noqa: ANN401 - an array's item, or any thing
    return made.item() if isinstance(made, np.generic) else made


def _bounded(op: type[ast.operator], left: Thing, right: Thing) -> None:
    """Refuse what would make a huge number or array of two that are not."""
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        shape = np.broadcast_shapes(left.shape, right.shape)
        if int(np.prod(shape, dtype=np.float64)) > _MAX_SIZE:
            raise TooMuchError("the arrays are too large together")
    if isinstance(left, int) and isinstance(right, int):
        if op is ast.Mult and left.bit_length() + right.bit_length() > _MAX_BITS:
            raise TooMuchError("the number would be too large")
        power = op is ast.Pow and right > 1
        if power and (right > _MAX_EXPONENT or left.bit_length() * right > _MAX_BITS):
            raise TooMuchError("the number would be too large")


def _size(made: Thing) -> int:
    if isinstance(made, np.ndarray):
        return int(made.size)
    if isinstance(made, Frame):
        return made.rows * max(1, len(made.columns))
    return len(made) if isinstance(made, list | dict | frozenset | str) else 1
