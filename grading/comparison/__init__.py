"""Comparison of typed values: pure, and safe on whatever a sandbox claims.

`compare` is the one entry. Depends on `notebooks.kernels.values`, the tolerance record and NumPy.
"""

from grading.comparison.difference import Difference, DifferenceKind
from grading.comparison.render import render
from grading.comparison.values import compare

__all__ = ["Difference", "DifferenceKind", "compare", "render"]
