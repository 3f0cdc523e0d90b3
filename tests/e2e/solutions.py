"""What a student who has understood the wine case would type, read from its ideal solution."""

from functools import cache
from pathlib import Path

import nbformat

WINE = Path(__file__).parents[2] / "notebooks" / "examples" / "wine"


@cache
def wine_solution() -> dict[str, str]:
    """Return the ideal source of each code cell, by cell id."""
    notebook = nbformat.read(  # type: ignore[no-untyped-call]
        WINE / "solution.ipynb", as_version=4
    )
    return {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "code"}
