import pytest

from notebooks.cases.usage import Source, Usage

IMPORTS = """
import numpy as n
import pandas
from sklearn.model_selection import train_test_split as split
from statistics import *
"""


def line(target: str, source: str, before: str = IMPORTS) -> int | None:
    """Return the line of the subtask's cell in which a target is used first."""
    place = Usage([Source("a", before, own=False), Source("b", source, own=True)]).of(target)
    assert place is None or place.cell == "b"
    return place.line if place is not None else None


@pytest.mark.parametrize(
    ("target", "source", "found"),
    [
        ("np.mean", "x = 1\nn.mean(x)", 2),
        ("numpy.mean", "n.mean(x)", 1),
        ("numpy", "n.mean(x)", 1),
        ("numpy.mean", "n.median(x)", None),
        ("numpy.mean()", "f = n.mean", None),
        ("numpy.mean()", "f = n.mean\nf(x)", 2),
        ("sklearn.model_selection.train_test_split()", "split(x)", 1),
        ("train_test_split", "split(x)", None),
        ("sklearn", "split(x)", 1),
        ("statistics.mean", "mean(x)", 1),
        ("statistics.mean", "mean = 3\nmean = mean + 1", None),
        ("df.apply", "df.apply(f)", 1),
        ("df.apply", "other.apply(f)", None),
        (".apply", "df[df.x > 1].groupby('k').apply(f)", 1),
        (".apply()", "f = df.apply", None),
        (".apply", "getattr(df, 'apply')(f)", 1),
        (".apply", "df.applymap(f)", None),
        ("sorted", "xs.sort()", None),
        ("sorted()", "def sorted_(x):\n    return sorted(x)", 2),
        ("split", "split = 3", None),
        ("for", "[x for x in y]", None),
        ("for", "def f():\n    for x in y:\n        pass", 2),
        ("loop", "while True:\n    break", 1),
        ("comprehension", "x = sum(a for a in y)", 1),
        ("lambda", "f = lambda: 1", 1),
        ("import", "import os", 1),
        ("if", "x = 1 if y else 2", 1),
        ("recursion", "def f(n):\n    return f(n - 1)", 1),
        ("recursion", "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)", 1),
        ("recursion", "def f(n):\n    return g(n)\ndef g(n):\n    return n\nf(1)", None),
        ("recursion", "class A:\n    def f(self):\n        return self.f()", 2),
        ("pandas.merge", "%matplotlib inline\npandas.merge(a, b)", 2),
        ("for", "%%time\nfor x in y: pass", 2),
        ("for", "%%bash\nfor x in y; do z; done", None),
    ],
)
def test_a_use_is_found_where_it_stands(target: str, source: str, found: int | None) -> None:
    assert line(target, source) == found


def test_a_name_that_the_notebook_binds_anew_is_no_longer_what_was_imported() -> None:
    assert line("numpy.mean", "mean(x)", "from numpy import mean\ndef mean(x): return x") is None
    assert line("numpy.mean", "m(x)", "import numpy\nm = numpy.mean") == 1


def test_what_other_cells_use_does_not_count_and_their_faults_do_not_matter() -> None:
    assert line("for", "x = 1", "for x in y: pass") is None
    assert line("for", "for x in y: pass", "not =") == 1
    with pytest.raises(SyntaxError):
        line("for", "not =")
