"""What can be different between two values, as a record that words can be made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DifferenceKind(StrEnum):
    """The kinds of difference; the text catalogues hold one sentence for each."""

    UNREADABLE = "unreadable"
    """The observed value has no exact kind, or is malformed."""
    TOO_LARGE = "too_large"
    PLACEHOLDER = "placeholder"
    """The template's `...` still stands there."""
    TYPE = "type"
    VALUE = "value"
    NOT_A_NUMBER = "not_a_number"
    TEXT_CASE = "text_case"
    TEXT_SPACE = "text_space"
    LENGTH = "length"
    SHAPE = "shape"
    ITEMS = "items"
    ORDER = "order"
    MISSING = "missing"
    """Values are missing (NaN, None, NaT) where none should be."""
    KEYS = "keys"
    ROWS = "rows"
    COLUMN_COUNT = "column_count"
    COLUMN_NAMES = "column_names"
    COLUMN_TYPE = "column_type"
    COLUMN_VALUES = "column_values"
    ROW_ORDER = "row_order"
    INDEX = "index"
    """Same rows in the same order under other labels (a fresh index against a kept one)."""


UNDECIDED = frozenset({DifferenceKind.INDEX})
"""Differences by which both right and wrong work has been seen: they make a verdict uncertain."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. It holds nothing of the expected value but the word for its type."""

    kind: DifferenceKind
    where: str = ""
    """The path into the observed value as Python would write it, e.g. `[3]`; empty: the whole."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a sentence may name: parts of the observed value, counts, words for types."""

    @property
    def decisive(self) -> bool:
        """Tell whether this difference alone shows that the work is wrong."""
        return self.kind not in UNDECIDED
