from notebooks.attempts.document import Cell
from notebooks.cases.imports import MAX_IMPORTS, imported_modules


def code(source: str) -> Cell:
    return Cell(id="c", kind="code", source=source)


def test_every_kind_of_import_is_found_once_and_in_order() -> None:
    cells = (
        code("import numpy as np, pandas\nfrom matplotlib import pyplot as plt"),
        Cell(id="m", kind="markdown", source="import markdown"),
        code("%matplotlib inline\ndef f():\n    import numpy\n    from a.b import C, d"),
    )
    assert imported_modules(cells) == (
        "numpy", "pandas", "matplotlib", "matplotlib.pyplot", "a.b", "a.b.d",
    )  # fmt: skip


def test_what_names_no_module_of_the_environment_is_left_out() -> None:
    cells = (code("from . import near\nfrom .near import far"), code("import broken ("), code("1"))
    assert imported_modules(cells) == ()


def test_there_is_a_bound() -> None:
    cells = (code("\n".join(f"import m{n}" for n in range(MAX_IMPORTS + 5))), code("import é"))
    found = imported_modules(cells)
    assert len(found) == MAX_IMPORTS
    assert "é" not in found
