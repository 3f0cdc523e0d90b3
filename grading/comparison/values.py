"""Whether an observed value counts as the expected one, and if not, in what it differs."""

from collections.abc import Sequence as Many

import numpy as np
import numpy.typing as npt

from grading.comparison import scalars, tables
from grading.comparison.columns import missing_mask
from grading.comparison.difference import Difference, DifferenceKind
from grading.comparison.nodes import (
    NUMBERS,
    Bag,
    Items,
    Leaf,
    Node,
    Pairs,
    Sort,
    Table,
    UnreadableError,
)
from grading.comparison.normalise import at, normalise
from grading.comparison.ordering import in_one_order
from grading.comparison.render import cut, text_of
from notebooks.cases.probes import Tolerance
from notebooks.kernels.values import Opaque, Value

MAX_MATCHES = 300
"""Members of two sets that are matched pairwise, where equal ones were not found by hash."""


def compare(
    expected: Value,
    observed: Value,
    tolerance: Tolerance = scalars.DEFAULT,
    *,
    in_order: bool = True,
) -> Difference | None:
    """Return how an observed value differs from the expected one, or None if it counts as equal.

    Never raises: a value that cannot be read differs from everything, itself included. Lenient
    where right answers were seen to vary: the type of numbers and containers, noise within the
    tolerance, the order of columns and dictionary keys, names and types of indexes. Strict on
    bool against number, None against False or NaN, and, `in_order`, the order of rows and items.
    """
    if isinstance(observed, Opaque) and observed.type.rpartition(".")[2] == "ellipsis":
        return Difference(DifferenceKind.PLACEHOLDER)
    try:
        theirs = normalise(observed)
    except UnreadableError as error:
        kind = DifferenceKind.TOO_LARGE if error.too_large else DifferenceKind.UNREADABLE
        return Difference(kind, facts={"observed_type": cut(error.type_name, 80)})
    try:
        ours = normalise(expected)
    except UnreadableError:
        return Difference(DifferenceKind.UNREADABLE, facts={"observed_type": describe(theirs)})
    if not in_order and nodes(in_one_order(ours), in_one_order(theirs), tolerance, "") is None:
        return None
    return nodes(ours, theirs, tolerance, "")


def describe(node: Node) -> str:
    """Return the catalogues' key for what a value is."""
    match node:
        case Leaf():
            return scalars.word(node.sort)
        case Items():
            return node.word
        case Bag():
            return "set"
        case Pairs():
            return "dict"
        case Table():
            return "series" if node.is_series else "dataframe"


def nodes(  # noqa: PLR0911 - one return per kind of value
    expected: Node, observed: Node, tolerance: Tolerance, where: str
) -> Difference | None:
    """Compare two normal forms; `where` is the path to them."""
    if isinstance(expected, Table) or isinstance(observed, Table):
        expected, observed = tables.aligned(expected, observed)
    match expected, observed:
        case Leaf(), Leaf():
            return scalars.difference(expected, observed, tolerance, where)
        case Items(), Items():
            return items(expected, observed, tolerance, where)
        case Bag(), Bag():
            return _bags(expected, observed, tolerance, where)
        case Pairs(), Pairs():
            return _pairs(expected, observed, tolerance, where)
        case Table(), Table():
            return tables.compare_tables(expected, observed, tolerance, where)
    facts = {"observed_type": describe(observed)}
    if isinstance(observed, Leaf) and observed.sort is not Sort.NONE:
        facts["observed"] = text_of(observed)
    if isinstance(expected, Leaf) and expected.sort in {Sort.NONE, Sort.MISSING}:
        return Difference(DifferenceKind.VALUE, where)
    return Difference(DifferenceKind.TYPE, where, facts | {"expected_type": describe(expected)})


def items(  # noqa: PLR0911 - one return per outcome
    expected: Items, observed: Items, tolerance: Tolerance, where: str
) -> Difference | None:
    """Compare two lists, tuples, arrays, indexes or columns."""
    ours, theirs = expected.array, observed.array
    if ours.ndim == 1 and theirs.ndim == 1 and len(ours) != len(theirs):
        return Difference(DifferenceKind.LENGTH, where, {"count": str(len(theirs))})
    if ours.size == 0 and theirs.size == 0 and (ours.ndim == 1 or theirs.ndim == 1):
        return None
    if ours.ndim != theirs.ndim and Sort.MIXED in {expected.sort, observed.sort}:
        return _one_by_one(rows(expected), rows(observed), tolerance, where)
    if ours.shape != theirs.shape:
        return Difference(DifferenceKind.SHAPE, where, {"shape": str(theirs.shape)})
    if ours.size == 0:
        return None
    if Sort.MIXED in {expected.sort, observed.sort}:
        return _one_by_one(flat(expected), flat(observed), tolerance, where, ours.shape)
    numeric = expected.sort in NUMBERS and observed.sort in NUMBERS
    if not numeric and expected.sort is not observed.sort:
        return _item_type(expected, observed, where)
    both_int = expected.sort is Sort.INT and observed.sort is Sort.INT
    exact = not numeric or (both_int and tolerance == scalars.DEFAULT)
    equal = scalars.equal_mask(ours, theirs, tolerance, exact=exact)
    if equal.all():
        return None
    return _array_difference(expected, observed, ~equal, where)


def _item_type(expected: Items, observed: Items, where: str) -> Difference:
    facts = {
        "observed_type": scalars.word(observed.sort),
        "expected_type": scalars.word(expected.sort),
    }
    return Difference(DifferenceKind.TYPE, where + "[0]", facts)


def _array_difference(
    expected: Items,
    observed: Items,
    wrong: npt.NDArray[np.bool_],
    where: str,
) -> Difference:
    lost = missing_mask(observed) & ~missing_mask(expected)
    if lost.any():
        facts = {"count": str(int(lost.sum())), "total": str(lost.size)}
        return Difference(DifferenceKind.MISSING, where, facts)
    if reordered(expected, observed):
        return Difference(DifferenceKind.ORDER, where)
    position = tuple(int(axis[0]) for axis in np.nonzero(wrong))
    facts = {
        "count": str(int(wrong.sum())),
        "total": str(wrong.size),
        "observed": text_of(at(observed, position)),
        "first": _path(position),
    }
    return Difference(DifferenceKind.ITEMS, where, facts)


def reordered(expected: Items, observed: Items) -> bool:
    """Tell whether two arrays of one sort and shape hold the same items in another order."""
    alike = expected.sort is observed.sort or {expected.sort, observed.sort} <= NUMBERS
    if not alike or expected.array.ndim != 1 or expected.sort is Sort.MIXED:
        return False
    if missing_mask(expected).any() or missing_mask(observed).any():
        return False
    try:
        return bool(np.array_equal(np.sort(expected.array), np.sort(observed.array)))
    except TypeError:
        return False


def _path(position: tuple[int, ...]) -> str:
    return "[" + ", ".join(str(axis) for axis in position) + "]"


def flat(values: Items) -> list[Node]:
    """Return every item as a node of its own, in C order."""
    return [at(values, position) for position in np.ndindex(values.array.shape)]


def rows(values: Items) -> list[Node]:
    """Return the outermost items as nodes: of an array of several dimensions, arrays."""
    if values.array.ndim == 1:
        return flat(values)
    return [Items(values.sort, row, values.word) for row in values.array]


def _one_by_one(
    expected: Many[Node],
    observed: Many[Node],
    tolerance: Tolerance,
    where: str,
    shape: tuple[int, ...] | None = None,
) -> Difference | None:
    if len(expected) != len(observed):
        return Difference(DifferenceKind.LENGTH, where, {"count": str(len(observed))})
    found = [
        (position, difference)
        for position, (ours, theirs) in enumerate(zip(expected, observed, strict=True))
        if (difference := nodes(ours, theirs, tolerance, "")) is not None
    ]
    if not found:
        return None
    position, difference = found[0]
    path = _path((position,))
    if shape is not None and len(shape) > 1:
        path = _path(tuple(int(axis) for axis in np.unravel_index(position, shape)))
    if len(found) == 1 or difference.kind is not DifferenceKind.VALUE:
        return Difference(difference.kind, where + path + difference.where, difference.facts)
    facts = {"count": str(len(found)), "total": str(len(expected)), "first": path}
    return Difference(DifferenceKind.ITEMS, where, facts | dict(difference.facts))


def _key(node: Node) -> object:
    """Return a hashable that equal single values share; other nodes have none."""
    if isinstance(node, Leaf):
        if scalars.is_nan(node):
            return (Sort.MISSING, None)
        return (Sort.FLOAT if node.sort in NUMBERS else node.sort, node.value)
    if isinstance(node, Items) and node.array.size <= MAX_MATCHES:
        keys = tuple(_key(item) for item in flat(node))
        # Of what has no key itself nothing would be left to tell two of them apart.
        return None if None in keys else keys
    return None


def _bags(expected: Bag, observed: Bag, tolerance: Tolerance, where: str) -> Difference | None:
    if len(expected.items) != len(observed.items):
        return Difference(DifferenceKind.LENGTH, where, {"count": str(len(observed.items))})
    if len(_unmatched(expected.items, observed.items, tolerance)):
        return Difference(DifferenceKind.VALUE, where)
    return None


def _unmatched(expected: Many[Node], observed: Many[Node], tolerance: Tolerance) -> list[Node]:
    """Return what of the expected members has no partner: by hash first, the rest pairwise."""
    pool: dict[object, list[Node]] = {}
    for node in observed:
        pool.setdefault(_key(node), []).append(node)
    rest = []
    for node in expected:
        same_key = pool.get(_key(node)) if _key(node) is not None else None
        if same_key:
            same_key.pop()
        else:
            rest.append(node)
    left = [node for group in pool.values() for node in group]
    if len(rest) > MAX_MATCHES:
        return rest
    lonely = []
    for node in rest:
        partner = next(
            (i for i, other in enumerate(left) if nodes(node, other, tolerance, "") is None), None
        )
        if partner is None:
            lonely.append(node)
        else:
            left.pop(partner)
    return lonely


def _pairs(expected: Pairs, observed: Pairs, tolerance: Tolerance, where: str) -> Difference | None:
    if len(expected.pairs) != len(observed.pairs):
        return Difference(DifferenceKind.KEYS, where, {"count": str(len(observed.pairs))})
    theirs = {
        hashed: (key, value) for key, value in observed.pairs if (hashed := _key(key)) is not None
    }
    for key, value in expected.pairs:
        found = theirs.get(_key(key)) or next(
            (
                pair
                for pair in observed.pairs[:MAX_MATCHES]
                if nodes(key, pair[0], tolerance, "") is None
            ),
            None,
        )
        if found is None:
            return Difference(DifferenceKind.KEYS, where, {"count": str(len(observed.pairs))})
        label = text_of(found[0]) if isinstance(found[0], Leaf) else "…"
        difference = nodes(value, found[1], tolerance, f"{where}[{label}]")
        if difference is not None:
            return difference
    return None
