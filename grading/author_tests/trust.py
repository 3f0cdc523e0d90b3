"""What of a test only a student's process could tell, so that it would have to be trusted."""

import ast

from grading.author_tests.records import OpenTest, Runs
from grading.author_tests.sides import last_part
from notebooks.syntax import parse_module

_MAX_SHOWN = 80


def taken_on_trust(test: OpenTest) -> str | None:
    """Return the beginning of the first check that runs as code beside the student's.

    None if everything that decides is compared outside: what only prepares may run anywhere.
    """
    for step in test.steps:
        if isinstance(step.check, Runs) and _decides(step.check.source):
            first, *more = step.statement.strip().splitlines()
            return first[:_MAX_SHOWN] + (" …" if more or len(first) > _MAX_SHOWN else "")
    return None


def _decides(source: str) -> bool:
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        or (isinstance(node, ast.Call) and last_part(node.func).startswith("assert"))
        for node in ast.walk(parse_module(source))
    )
