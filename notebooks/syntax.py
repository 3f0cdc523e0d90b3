"""Python's parser, one text at a time.

Before CPython 3.11.8, threads that build syntax trees side by side confuse its count of nesting
(https://github.com/python/cpython/issues/106905), and one of them ends with a SystemError. Code of
the product that may run in a thread parses by these functions.
"""

import ast
import threading

_one_at_a_time = threading.Lock()


def parse_module(source: str) -> ast.Module:
    """Return the syntax tree of statements; raises what `ast.parse` does."""
    with _one_at_a_time:
        return ast.parse(source)


def parse_expression(source: str) -> ast.Expression:
    """Return the syntax tree of one expression; raises what `ast.parse` does."""
    with _one_at_a_time:
        return ast.parse(source, mode="eval")
