"""Taking a test apart: its statements become steps, as far as they can."""

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from grading.author_tests.calls import assertion_call, raises
from grading.author_tests.conditions import conditions
from grading.author_tests.records import Check, Compares, Raises, Runs, Side, Step
from grading.author_tests.relations import typed
from grading.author_tests.sides import Known, changed_by, exception_names
from notebooks.cases import code
from notebooks.cases.profile import AuthorTest
from notebooks.syntax import parse_module

MAX_STEPS = 100
"""Steps of one test; one that has more is run as it is."""
_MAX_ROUNDS = 50
_BEGIN_HIDDEN = re.compile(r"BEGIN HIDDEN TESTS")
_END_HIDDEN = re.compile(r"END HIDDEN TESTS")
_PRINTED = "_casebook_printed"
_TRUTHS = {"True": True, "False": False, "np.True_": True, "np.False_": False}
"""How a notebook shows a condition's answer."""


def steps_of(test: AuthorTest, students: Collection[str]) -> tuple[Step, ...]:
    """Return a test's steps; `students` are the names that subtasks of the case bind.

    The text compiles: the case format says so.
    """
    tree = parse_module(test.source)
    planner = _Planner(students, _hidden_lines(test.source), hidden=test.hidden)
    body = tree.body
    shown = test.output is not None and bool(test.output.strip())
    last = body[-1] if shown and body else None
    try:
        planner.take(body[:-1] if last is not None else body)
        if last is not None and test.output is not None:
            planner.show(last, test.output)
    except _TooLongError:
        return (_whole(test),)
    return tuple(planner.steps) or (_whole(test),)


def _whole(test: AuthorTest) -> Step:
    return Step(statement=test.source, check=Runs(source=test.source), hidden=True)


class _TooLongError(Exception):
    """There would be too many steps."""


class _Planner:
    """Goes through statements in order and knows which names are the student's by now."""

    def __init__(
        self, students: Collection[str], hidden_lines: Collection[int], *, hidden: bool
    ) -> None:
        self._students = set(students)
        self._hidden_lines = hidden_lines
        self._hidden = hidden
        self.steps: list[Step] = []

    def take(self, body: Sequence[ast.stmt]) -> None:
        """Add the steps of statements."""
        for statement in body:
            if _is_text(statement) or isinstance(statement, ast.Pass):
                continue
            if isinstance(statement, ast.For) and (rounds := _rounds(statement)) is not None:
                for value in rounds:
                    target = ast.unparse(statement.target)
                    self.take(parse_module(f"{target} = {value}").body)
                    self.take(statement.body)
                continue
            self._one(statement)

    def show(self, last: ast.stmt, output: str) -> None:
        """Add the steps of a last statement that has to show or print something."""
        text, wanted = ast.unparse(last), output.strip("\n")
        if not isinstance(last, ast.Expr) or _is_print(last.value):
            lines = [
                "import contextlib as _casebook_contextlib, io as _casebook_io",
                f"{_PRINTED} = _casebook_io.StringIO()",
                f"with _casebook_contextlib.redirect_stdout({_PRINTED}):",
                *(f"    {line}" for line in text.split("\n")),
            ]
            self._add(last, Runs(source="\n".join(lines)))
            expression = f"{_PRINTED}.getvalue().strip('\\n')"
        elif wanted in _TRUTHS:
            found = conditions(last.value, self._known(), expected=_TRUTHS[wanted])
            for check in found or (_repr_is(text, wanted),):
                self._add(last, check)
            return
        else:
            expression = f"repr({text})"
        self._add(last, _repr_is(expression, wanted, plain=True))

    def _known(self) -> Known:
        return Known(frozenset(self._students))

    def _one(self, statement: ast.stmt) -> None:
        checks = self._checks(statement)
        self._students |= changed_by(statement, self._students)
        message = _message(statement)
        if checks is not None:
            for check in checks:
                self._add(statement, check, message)
            return
        theirs = code.read_names(statement) & self._students
        for name in code.bound_names([statement]):
            if theirs:
                self._students.add(name)
            else:
                self._students.discard(name)
        self._add(statement, Runs(source=ast.unparse(statement)), message)

    def _checks(self, statement: ast.stmt) -> tuple[Check, ...] | None:
        match statement:
            case ast.Assert():
                return conditions(statement.test, self._known())
            case ast.Expr(value=ast.Call() as call):
                return assertion_call(call, self._known())
            case ast.Try() | ast.With():
                found = _expects_exception(statement)
                return (found,) if found is not None else None
        return None

    def _add(self, statement: ast.stmt, check: Check, message: str | None = None) -> None:
        line = getattr(statement, "lineno", 0)
        hidden = self._hidden or line in self._hidden_lines
        text = ast.unparse(statement)
        if len(self.steps) >= MAX_STEPS:
            raise _TooLongError
        self.steps.append(Step(statement=text, check=check, hidden=hidden, message=message))


def _repr_is(expression: str, wanted: str, *, plain: bool = False) -> Compares:
    left = Side(expression=expression if plain else f"repr({expression})", source="student")
    right = Side(expression=repr(wanted), source="literal", value=typed(wanted))
    return Compares(left=left, relation="==", right=right)


def _hidden_lines(source: str) -> set[int]:
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), start=1):
        if _BEGIN_HIDDEN.search(line):
            inside = True
        elif _END_HIDDEN.search(line):
            inside = False
        elif inside:
            found.add(number)
    return found


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_print(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    )


def _message(statement: ast.stmt) -> str | None:
    text = statement.msg if isinstance(statement, ast.Assert) else None
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else None


def _rounds(loop: ast.For) -> list[str] | None:
    """Return the values of a loop over constants that holds checks; None for any other loop."""
    checks = any(isinstance(node, ast.Assert) for node in ast.walk(loop))
    leaves = any(isinstance(node, ast.Break | ast.Continue) for node in ast.walk(loop))
    if not checks or leaves or loop.orelse:
        return None
    found = list(_constants(loop.iter))
    return found if 0 < len(found) <= _MAX_ROUNDS else None


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.List | ast.Tuple):
        try:
            yield from [repr(ast.literal_eval(one)) for one in node.elts]
        except (ValueError, TypeError):
            return
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        try:
            yield from map(
                repr, range(*[ast.literal_eval(one) for one in node.args])[: _MAX_ROUNDS + 1]
            )
        except (ValueError, TypeError):
            return


def _expects_exception(statement: ast.Try | ast.With) -> Raises | None:
    """Return the check of the usual ways to say that a call raises an exception."""
    body = statement.body
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    if isinstance(statement, ast.With):
        context = statement.items[0].context_expr
        ways = ("raises", "assert_raises", "assertRaises")
        if len(statement.items) != 1 or statement.items[0].optional_vars is not None:
            return None
        if not isinstance(context, ast.Call) or len(context.args) != 1 or context.keywords:
            return None
        func = context.func
        way = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        names = exception_names(context.args[0]) if way in ways else ()
        return raises(call, names) if call is not None and names else None
    return _try_raises(statement)


def _try_raises(statement: ast.Try) -> Raises | None:
    """`try: f()`, `except E: pass`, and a failure in `else` or as the body's last statement."""
    body = statement.body
    if len(statement.handlers) != 1 or statement.finalbody or not isinstance(body[0], ast.Expr):
        return None
    handler = statement.handlers[0]
    names = exception_names(handler.type)
    passes = all(isinstance(one, ast.Pass) or _is_text(one) for one in handler.body)
    after = [*body[1:], *statement.orelse]
    fails = len(after) == 1 and _fails(after[0])
    caught = len(body) > 1 and bool({"AssertionError", "Exception", "BaseException"} & set(names))
    if not names or not passes or not fails or caught:
        return None
    return raises(body[0].value, names)


def _fails(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return True
    false = statement.test if isinstance(statement, ast.Assert) else None
    return isinstance(false, ast.Constant) and not false.value
