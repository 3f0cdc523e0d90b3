"""Choosing an importer by what a notebook holds."""

from collections.abc import Sequence

from notebooks.cases.importers.contract import Importer
from notebooks.cases.importers.nbgrader import NbgraderImporter
from notebooks.cases.importers.otter import OtterImporter
from notebooks.cases.importers.plain import PlainImporter
from notebooks.cases.notebook import RawCell

_IMPORTERS: tuple[Importer, ...] = (OtterImporter(), NbgraderImporter(), PlainImporter())
"""In the order of asking; the last one takes everything."""


def importer_for(cells: Sequence[RawCell]) -> Importer:
    """Return the importer that these cells are meant for."""
    return next(importer for importer in _IMPORTERS if importer.recognises(cells))
