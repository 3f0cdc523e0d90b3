"""Deriving what students start from: the ideal solution without what they are to write."""

import ast
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence

from notebooks.attempts.document import Cell
from notebooks.cases import code
from notebooks.cases.interface import interface_names
from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import Profile

HERE = "# Write your code here."
_BEGIN = re.compile(r"^(\s*)###\s*BEGIN SOLUTION\b")
_END = re.compile(r"^\s*###\s*END SOLUTION\b")


def derive_template(
    profile: Profile,
    solution: Sequence[Cell],
    *,
    file: str,
    numbers: Mapping[str, int],
    log: ProblemLog,
) -> tuple[Cell, ...]:
    """Return the solution's cells with the subtasks' code reduced to stubs.

    Where a subtask marks blocks by `### BEGIN SOLUTION` and `### END SOLUTION`, these are
    replaced and the rest of its code is given; where it marks none, each of its code cells
    becomes a stub. Texts, cells of no subtask and cells tagged `no-replay` stay as they are.
    `numbers` says which cell of `file` each one is.
    """
    wanted = {one.id: interface_names(one, solution) for one in profile.subtasks}
    marked = {cell.subtask for cell in solution if cell.kind == "code" and is_marked(cell.source)}
    made = []
    for cell in solution:
        source = cell.source
        if cell.kind == "code" and is_marked(source):
            names = wanted.get(cell.subtask or "", ())
            source = _without_blocks(source, names, file, numbers[cell.id], log)
        elif cell.kind == "code" and cell.subtask in wanted and cell.replay:
            elsewhere = _read_elsewhere(cell, solution)
            if cell.subtask not in marked:
                source = stub(source, wanted[cell.subtask], elsewhere)
        made.append(cell.model_copy(update={"source": source}))
    return tuple(made)


def is_marked(source: str) -> bool:
    """Return whether a cell holds a solution marker."""
    return any(_BEGIN.match(line) or _END.match(line) for line in source.splitlines())


def stub(source: str, names: Collection[str], elsewhere: Collection[str]) -> str:
    """Return what a student starts from in place of `source`.

    Kept are plain imports and imported names that `elsewhere` reads. Of `names`, those that the
    code binds come as `name = ...`, and as signature with docstring for functions and classes.
    """
    tree = code.parse(source)
    imports = [ast.unparse(kept) for one in tree.body if (kept := _import(one, elsewhere))]
    lines = [*imports, *([""] if imports else []), HERE, *_placeholders(tree.body, names)]
    return "\n".join(lines)


def _import(statement: ast.stmt, elsewhere: Collection[str]) -> ast.stmt | None:
    if isinstance(statement, ast.Import):
        return statement
    if isinstance(statement, ast.ImportFrom):
        used = [one for one in statement.names if (one.asname or one.name) in elsewhere]
        if used:
            return ast.ImportFrom(statement.module, used, statement.level)
    return None


def _placeholders(body: Sequence[ast.stmt], names: Collection[str]) -> list[str]:
    lines: list[str] = []
    for name, statement in code.bound_names(body).items():
        if name not in names:
            continue
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            lines += ["", ast.unparse(_signature(statement)), ""]
        else:
            lines.append(f"{name} = ...")
    return "\n".join(lines).strip("\n").splitlines()


def _signature(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef:
    """Return the definition with its docstring and without its body; a class keeps its methods."""
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    body: list[ast.stmt] = [first] if documented else []
    if isinstance(node, ast.ClassDef):
        body += [
            _signature(one)
            for one in node.body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    if not isinstance(node, ast.ClassDef) or not body:
        body.append(ast.Expr(ast.Constant(...)))
    fields = {name: value for name, value in ast.iter_fields(node) if name != "body"}
    made = type(node)(**fields, body=body)
    return ast.fix_missing_locations(ast.copy_location(made, node))


def _without_blocks(
    source: str, names: Collection[str], file: str, number: int, log: ProblemLog
) -> str:
    kept: list[str] = []
    block: list[str] | None = None
    indent, opened = "", 0
    for line_number, line in enumerate(source.splitlines(), start=1):
        begins, ends = _BEGIN.match(line), _END.match(line)
        if begins and block is not None:
            message = f"The solution block of line {opened} has no end before this one begins."
            log.add(file, message, cell=number, line=line_number)
        if begins:
            block, indent, opened = [], begins[1], line_number
        elif ends and block is None:
            message = "A solution block ends here that did not begin."
            log.add(file, message, cell=number, line=line_number)
        elif ends and block is not None:
            kept += [f"{indent}{one}" for one in _replacement(block, names, top=not indent)]
            block = None
        elif block is not None:
            block.append(line)
        else:
            kept.append(line)
    if block is not None:
        message = "The solution block that begins here has no `### END SOLUTION`."
        log.add(file, message, cell=number, line=opened)
    left = "\n".join(kept)
    if not log:
        _check(left, file, number, log)
    return left


def _check(source: str, file: str, number: int, log: ProblemLog) -> None:
    try:
        code.parse(source)
    except SyntaxError as error:
        message = f"Without its solution blocks the code does not compile: {error.msg}."
        log.add(file, message, cell=number)


def _replacement(block: Sequence[str], names: Collection[str], *, top: bool) -> list[str]:
    placeholders: list[str] = []
    if top:
        try:
            body = code.parse(textwrap.dedent("\n".join(block))).body
        except SyntaxError:  # a block may be a part of a statement
            body = []
        placeholders = _placeholders(body, names)
    return [HERE, *(placeholders or ["..."])]


def _read_elsewhere(cell: Cell, solution: Sequence[Cell]) -> set[str]:
    return {
        name
        for other in solution
        if other.kind == "code" and other.id != cell.id
        for name in code.read_names(code.parse(other.source))
    }
