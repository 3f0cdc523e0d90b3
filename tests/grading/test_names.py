import pytest

from grading.names import blockers, interface_name, names_of, root_names
from notebooks.attempts.document import Cell


@pytest.mark.parametrize(
    ("source", "read", "bound"),
    [
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("df = df.dropna()", {"df"}, {"df"}),
        ("total += price", {"total", "price"}, {"total"}),
        ("for row in rows:\n    last = row", {"rows"}, {"row", "last"}),
        ("[w * k for w in wines if w > limit]", {"wines", "k", "limit"}, set()),
        ("def f(a):\n    b = a * scale\n    return b", {"scale"}, {"f"}),
        ("def f(a):\n    return g(a)\n\ndef g(a):\n    return a", set(), {"f", "g"}),
        ("import pandas as pd\nfrom os import path\npd.read_csv(path.sep)", set(), {"pd", "path"}),
        ("fig, ax = plt.subplots()\nax.plot(x)", {"plt", "x"}, {"fig", "ax"}),
        ("with open(name) as f:\n    text = f.read()", {"name"}, {"f", "text"}),
        ("%matplotlib inline\n!pip list\nfiles = !ls\ny = x", {"x"}, {"files", "y"}),
        ("%%time\ny = x", {"x"}, {"y"}),
        ("%%bash\ny = x", set(), set()),
        ("df?\ny = 1", set(), {"y"}),
        ("print(len(x))", {"x"}, set()),
        ("class A(B):\n    c = D\n    def m(self):\n        return E", {"B", "D", "E"}, {"A"}),
        ("f = lambda a: a + b", {"b"}, {"f"}),
        ("if (n := size) > 1:\n    m = n", {"size"}, {"n", "m"}),
        ("total: int = start", {"start"}, {"total"}),
        ("try:\n    a = b\nexcept E as e:\n    c = e", {"b", "E"}, {"a", "e", "c"}),
    ],
)
def test_a_cell_reads_and_binds(source: str, read: set[str], bound: set[str]) -> None:
    names = names_of(source)
    assert names.read == read
    assert set(names.bound) == bound


def test_code_that_cannot_be_parsed_still_seems_to_bind_names() -> None:
    names = names_of("x = 1\ny = (2\ndef f(:\n")
    assert names.bound["x"] == 1
    assert names.bound["y"] == 2
    assert names.read == frozenset()


def test_a_binding_stands_at_its_last_line_and_magics_do_not_move_it() -> None:
    assert names_of("%%time\nx = 1\n!ls\nx = 2").bound == {"x": 4}


def test_a_stub_is_a_placeholder_until_it_is_bound_again() -> None:
    assert names_of("x = ...\ny = ...\ny = 2").placeholders == {"x"}
    assert names_of("a, b = ..., ...\nc = (1, ...)").placeholders == {"a", "b"}


def cells(*pairs: tuple[str | None, str]) -> list[Cell]:
    return [
        Cell(id=f"c{n}", kind="code", source=source, subtask=subtask)
        for n, (subtask, source) in enumerate(pairs)
    ]


def test_a_subtask_is_blocked_by_those_unsettled_ones_whose_names_it_reads() -> None:
    document = cells(
        (None, "import pandas as pd\nraw = 1"),
        ("load", "import numpy as np\ndf = pd.read()"),
        ("clean", "df = df.dropna()\nunused = 1"),
        ("split", "train = np.array(df)[:raw]"),
    )
    assert blockers("split", document, {"load"}) == (("clean", "df"),)
    assert blockers("split", document, {"load", "clean"}) == ()
    assert dict(blockers("split", document, set())) == {"load": "df", "clean": "df"}


def test_what_a_subtask_binds_itself_before_reading_blocks_nothing() -> None:
    document = cells(("a", "fig = 1\nx = 2"), ("b", "fig = 3"), ("b", "print(fig)\nx = 1"))
    assert blockers("b", document, set()) == ()


@pytest.mark.parametrize(
    ("entry", "name"),
    [("df", "df"), ("strength(alcohol)", "strength"), ("def f(x) -> int", "f"), ("class A", "A")],
)
def test_an_interface_entry_declares_a_name(entry: str, name: str) -> None:
    assert interface_name(entry) == name


def test_an_expression_reads_the_notebooks_names_but_not_pythons() -> None:
    assert root_names("{str(c): int(n) for c, n in dict(missing).items()}") == {"missing"}
    assert root_names("not python at all") == frozenset()
