"""Otter Assign's test cells: their configuration, code and points."""

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from notebooks.cases import code
from notebooks.cases.notebook import RawCell
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import MAX_TEST_SOURCE

_HIDDEN = re.compile(r"^\s*#.*\bhidden\b", re.IGNORECASE)
_TESTED = re.compile(r"^\s*#\s*test\b", re.IGNORECASE)
_BEGIN = re.compile(r'^\s*(?:\w+\s*=\s*)?"{1,3}\s*#\s*BEGIN\s+TEST\s+CONFIG\s*$', re.IGNORECASE)
_END = re.compile(r'^\s*"{1,3}\s*;?\s*#\s*END\s+TEST\s+CONFIG\s*$', re.IGNORECASE)

_NO_PARAMETERS = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


@dataclass(frozen=True, slots=True)
class OtterTest:
    """One test cell."""

    source: str
    output: str | None
    """What the last line has to show; None for a test that fails by an exception alone."""
    hidden: bool
    points: float | None
    success: str | None
    failure: str | None


def read_test(cell: RawCell, file: str, log: ProblemLog, *, by_exception: bool) -> OtterTest | None:
    """Return the test of a cell; None with a problem in the log.

    `by_exception`: tests are functions that raise, and what a cell shows means nothing.
    """
    if cell.kind != "code":
        log.add(file, "Only code cells can be tests.", cell=cell.number)
        return None
    lines = cell.source.split("\n")
    hidden = bool(_HIDDEN.match(lines[0]))
    settings: Mapping[str, Any] = {}
    if _BEGIN.match(lines[0]):
        end = next((number for number, line in enumerate(lines) if _END.match(line)), None)
        if end is None:
            log.add(file, "`BEGIN TEST CONFIG` has no `END TEST CONFIG`.", cell=cell.number, line=1)
            return None
        settings = _settings("\n".join(lines[1:end]), cell, file, log)
        lines = lines[end + 1 :]
    elif hidden or _TESTED.match(lines[0]):
        lines = lines[1:]
    source = "\n".join(lines).strip("\n")
    try:
        tree = code.parse(source)
    except SyntaxError:  # reported when the notebook was read
        return None
    if not tree.body or len(source) > MAX_TEST_SOURCE:
        fault = "empty" if not tree.body else f"longer than {MAX_TEST_SOURCE} characters"
        log.add(file, f"The test is {fault}.", cell=cell.number)
        return None
    function = _test_function(tree) if by_exception else None
    if by_exception and function is None:
        message = "A test that fails by an exception is one function, and a call of it at most."
        log.add(file, message, cell=cell.number)
        return None
    points = settings.get("points")
    return OtterTest(
        source=_body(function) if function is not None else source,
        output=None if function is not None else cell.shown.rstrip("\n"),
        hidden=bool(settings.get("hidden", hidden)),
        points=None if points is None else _number(points, file, cell.number, log),
        success=_text(settings.get("success_message")),
        failure=_text(settings.get("failure_message")),
    )


def points_of(
    given: object, tests: Sequence[OtterTest], *, file: str, cell: int, log: ProblemLog
) -> tuple[float, ...]:
    """Return what each test earns, by the question's `points` and the tests' own.

    A list gives each test its points and `each: n` the same to all. Tests without points share
    equally what the others leave of the question's; without any number at all the question is
    worth one point.
    """
    own = [test.points for test in tests]
    if isinstance(given, list):
        if len(given) != len(tests):
            message = f"`points` lists {len(given)} numbers for {len(tests)} tests."
            log.add(file, message, cell=cell)
            return tuple(0.0 for _ in tests)
        return tuple(_number(one, file, cell, log) for one in given)
    total: float | None = None
    if isinstance(given, dict):
        total = _number(given.get("each", 1), file, cell, log) * len(tests)
    elif given is not None:
        total = _number(given, file, cell, log)
    named = sum(points for points in own if points is not None)
    open_ = sum(1 for points in own if points is None)
    if total is None:
        total = named or 1.0
    if named > total:
        message = f"The tests have {named:g} points, the question only {total:g}."
        log.add(file, message, cell=cell)
    share = (total - named) / open_ if open_ else 0.0
    return tuple(share if points is None else points for points in own)


def _settings(text: str, cell: RawCell, file: str, log: ProblemLog) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(text) if text.strip() else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        log.add(file, f"The test's configuration is not YAML: {error}.", cell=cell.number)
        return {}
    if isinstance(found, dict):
        return found
    message = "The test's configuration has to hold lines like `points: 2`."
    log.add(file, message, cell=cell.number)
    return {}


def _number(given: object, file: str, cell: int, log: ProblemLog) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool):
        points = float(given)
        if math.isfinite(points) and points >= 0:
            return points
    log.add(file, f"{given!r} is no number of points.", cell=cell)
    return 0.0


def _text(given: object) -> str | None:
    return str(given) if given not in (None, "") else None


def _test_function(tree: ast.Module) -> ast.FunctionDef | None:
    """Return the function of an exception-based test: it stands alone, or is called after."""
    first, rest = tree.body[0], tree.body[1:]
    if not isinstance(first, ast.FunctionDef) or len(rest) > 1:
        return None
    if not rest:
        return first
    call = rest[0].value if isinstance(rest[0], ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        return first if call.func.id == first.name else None
    return None


def _body(function: ast.FunctionDef) -> str:
    """Return a test function's statements; its parameters are names of the notebook."""
    env = any(argument.arg == "env" for argument in function.args.args)
    lines = ["env = globals()"] if env else []
    if any(isinstance(node, ast.Return | ast.Yield | ast.Global) for node in ast.walk(function)):
        bare = ast.FunctionDef(
            name=function.name, args=_NO_PARAMETERS, body=function.body, decorator_list=[]
        )
        return "\n".join([*lines, ast.unparse(ast.fix_missing_locations(bare)), f"{bare.name}()"])
    return "\n".join([*lines, *(ast.unparse(statement) for statement in function.body)])
