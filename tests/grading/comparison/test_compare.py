import base64
from typing import Any

import numpy as np
import pytest

from grading.comparison import DifferenceKind, compare
from notebooks.cases.probes import Tolerance
from notebooks.kernels.values import Array, Column, Complex, Float, Moment, Opaque, Scalar
from tests.grading.builders import array, column, frame, index, series, v

NAN = float("nan")
K = DifferenceKind

PAIR = (frozenset({1}), frozenset({2}))
REST = {(frozenset({1, 2}), frozenset({3})): 0.25}
RULES = {PAIR: 0.5, **REST}

EQUAL: list[tuple[str, Any, Any]] = [
    ("an int and the float of the same value", 3, 3.0),
    ("a NumPy integer and a Python one", np.int64(7), 7),
    ("a NumPy float32 and a Python float", np.float32(0.5), 0.5),
    ("a NumPy bool and a Python one", np.bool_(1), True),
    ("a NumPy text and a Python one", np.str_("wine"), "wine"),
    ("noise of floating point", 0.1 + 0.2, 0.3),
    ("negative zero", -0.0, 0.0),
    ("two NaN", NAN, np.float64("nan")),
    ("NaN and NaT", NAN, Moment(t="nat")),
    ("a complex number without imaginary part", 2.0, Complex(re="2.0", im="0.0")),
    ("very large integers", 10**30, 10**30),
    ("a list and an array", [1, 2, 3], np.array([1, 2, 3])),
    ("a list and a tuple", [1, "a", None], (1, "a", None)),
    ("an array and wider one", np.array([1, 2], dtype="i2"), np.array([1.0, 2.0])),
    ("a big-endian array", np.array([1, 2], dtype="i8"), Array(
        dtype=">i2", shape=(2,), data="AAEAAg==")),
    ("nested lists and a matrix", [[1, 2], [3, 4.0]], np.array([[1, 2], [3, 4]])),
    ("a list of texts and a text array", ["a", "bc"], np.array(["a", "bc"])),
    ("an empty list and an empty array", [], np.array([])),
    ("an array without dimensions and a number", np.array(5), 5),
    ("a list with None in both", [None, 1], [None, 1.0]),
    ("dictionaries in another order", {"a": 1, "b": [2]}, {"b": [2.0], "a": 1}),
    ("dictionary keys 1 and 1.0", {1: "x"}, {1.0: "x"}),
    ("rules in another order", RULES, {**REST, PAIR: 0.5}),
    ("sets in another order", {"a", "b", "c"}, {"c", "b", "a"}),
    ("sets of numbers with noise", {0.3, 1.0}, {0.1 + 0.2, 1}),
    ("a datetime and a timestamp", Moment(t="datetime", v="2024-01-02T03:04:05"),
        Moment(t="timestamp", v="2024-01-02 03:04:05.000000")),
    ("one instant in two zones", Moment(t="timestamp", v="2024-01-02T03:00:00+01:00", tz="CET"),
        Moment(t="timestamp", v="2024-01-02T02:00:00+00:00", tz="UTC")),
    ("a datetime64 and a timestamp", np.datetime64("2024-01-02T00:00:00", "s"),
        Moment(t="timestamp", v="2024-01-02T00:00:00")),
    ("a timedelta64 and a span", np.timedelta64(90, "m"), Moment(t="timedelta", v="P0DT1H30M0S")),
    ("times of two units", np.array(["2024-01-02"], dtype="M8[D]"),
        np.array(["2024-01-02"], dtype="M8[ns]")),
    ("columns in another order", frame({"a": [1], "b": [2]}), frame({"b": [2], "a": [1]})),
    ("a wider column", frame({"a": [1, 2]}), frame({"a": [1.0, 2.0]})),
    ("a Series of another name", series([1, 2], name="x"), series([1, 2], name="y")),
    ("a Series and a frame of one column", series([1, 2]), frame({"a": [1, 2]})),
    ("a Series and a list", series([1, 2]), [1, 2]),
    ("an index and a list", index(["a", "b"]), ["a", "b"]),
    ("an index of another dtype", series([1, 2], labels=[0, 1]), series([1, 2], labels=[0.0, 1.0])),
    ("a category and plain text", series(["x", "y"]), None),
    ("missing text as None and as NaN",
        series(np.array(["x", None], dtype=object)), series(np.array(["x", NAN], dtype=object))),
    ("missing numbers as NA and as NaN",
        series([1.0, NAN]), series(np.array([1, Moment(t="na")], dtype=object))),
    ("empty frames", frame({"a": []}), frame({"a": np.array([], dtype=object)})),
]  # fmt: skip
_CATEGORIES = Column(
    name=v("c"),
    dtype="category",
    values=array(np.array([0, 1], dtype="i1")),
    categories=array(np.array(["x", "y"], dtype=object)),
    ordered=False,
)
EQUAL = [
    (name, a, series(["x", "y"]).model_copy(update={"column": _CATEGORIES}) if b is None else b)
    if name == "a category and plain text"
    else (name, a, b)
    for name, a, b in EQUAL
]

DIFFERENT: list[tuple[str, Any, Any, DifferenceKind]] = [
    ("True and 1", True, 1, K.TYPE),
    ("a bool array and a number array", np.array([True]), np.array([1]), K.TYPE),
    ("None and False", None, False, K.VALUE),
    ("False and None", False, None, K.TYPE),
    ("None and NaN", None, NAN, K.NOT_A_NUMBER),
    ("NaN and None", NAN, None, K.TYPE),
    ("a number and its text", 3, "3", K.TYPE),
    ("neighbouring integers of any size", 10_000_000, 10_000_001, K.VALUE),
    ("another number", 3.5, 3.6, K.VALUE),
    ("infinity and its negative", float("inf"), float("-inf"), K.VALUE),
    ("NaN for a number", 3.5, NAN, K.NOT_A_NUMBER),
    ("text in other case", "Wine", "wine", K.TEXT_CASE),
    ("text with other spaces", "red wine", "red  wine ", K.TEXT_SPACE),
    ("a list one shorter", [1, 2, 3], [1, 2], K.LENGTH),
    ("an array one longer", np.arange(3), np.arange(4), K.LENGTH),
    ("a transposed matrix", np.zeros((2, 3)), np.zeros((3, 2)), K.SHAPE),
    ("a row instead of a matrix", np.zeros((1, 3)), np.zeros(3), K.SHAPE),
    ("one other item", [1, 2, 3], [1, 5, 3], K.ITEMS),
    ("other items of a mixed list", [1, "a", 2, "b"], [1, "x", 2, "y"], K.ITEMS),
    ("sorted the other way", [1, 2, 3], [3, 2, 1], K.ORDER),
    ("NaN among numbers", [1.0, 2.0], [1.0, NAN], K.MISSING),
    ("a set and a list", {1, 2}, [1, 2], K.TYPE),
    ("sets of other members", {1, 2}, {1, 3}, K.VALUE),
    ("another key", {"a": 1}, {"b": 1}, K.KEYS),
    ("one key more", {"a": 1}, {"a": 1, "b": 1}, K.KEYS),
    ("another value of a key", {"a": 1}, {"a": 2}, K.VALUE),
    ("sets for keys", {frozenset({1}): "x"}, {frozenset({9}): "x"}, K.KEYS),
    ("pairs of sets for keys", RULES, {(frozenset({7}), frozenset({8})): 0.5, **REST}, K.KEYS),
    ("members that are pairs of sets", {PAIR}, {(frozenset({9}), frozenset({8}))}, K.VALUE),
    ("a naive and a zoned moment", Moment(t="datetime", v="2024-01-02T03:04:05"),
        Moment(t="datetime", v="2024-01-02T03:04:05+00:00"), K.VALUE),
    ("a list and a number", [1, 2], 3, K.TYPE),
    ("a frame and its matrix", frame({"a": [1]}), np.array([[1]]), K.TYPE),
    ("a frame of two columns and a Series", frame({"a": [1], "b": [2]}), series([1]), K.TYPE),
    ("one column more", frame({"a": [1]}), frame({"a": [1], "b": [2]}), K.COLUMN_COUNT),
    ("another column name", frame({"a": [1]}), frame({"A": [1]}), K.COLUMN_NAMES),
    ("one row fewer", frame({"a": [1, 2]}), frame({"a": [1]}), K.ROWS),
    ("rows in another order", frame({"a": [1, 2], "b": [5, 6]}, labels=[0, 1]),
        frame({"a": [2, 1], "b": [6, 5]}, labels=[1, 0]), K.ROW_ORDER),
    ("rows in another order under a fresh index", frame({"a": [1, 2]}), frame({"a": [2, 1]}),
        K.ROW_ORDER),
    ("another value in a column", frame({"a": [1, 2]}), frame({"a": [1, 7]}), K.COLUMN_VALUES),
    ("numbers left as text", frame({"a": [1, 2]}), frame({"a": ["1", "2"]}), K.COLUMN_TYPE),
    ("missing values left in", frame({"a": [1.0, 2.0]}), frame({"a": [NAN, 2.0]}), K.MISSING),
    ("a kept and a fresh index", series([1, 2], labels=[4, 7]), series([1, 2]), K.INDEX),
    ("a model", 3, Opaque(type="sklearn.svm.SVC", repr="SVC()"), K.UNREADABLE),
    ("something huge", 3, Opaque(type="list", reason="too large"), K.TOO_LARGE),
    ("the template's stub", 3, Opaque(type="builtins.ellipsis", repr="Ellipsis"), K.PLACEHOLDER),
    ("a float that is no number", 3, Float(v="three"), K.UNREADABLE),
    ("a buffer that is too short", [1, 2], Array(dtype="<i8", shape=(2,), data="AAAA"),
        K.UNREADABLE),
    ("a shape beyond all memory", [1], Array(dtype="<i8", shape=(10**12, 0), data=""),
        K.UNREADABLE),
    ("an object dtype with bytes", [1], Array(dtype="|O", shape=(1,), data="AAAAAAAAAAA="),
        K.UNREADABLE),
    ("a structured dtype", 3, Scalar(dtype="i4,i4", data="AAAAAAAAAAA="), K.UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), [row[1:] for row in EQUAL], ids=[row[0] for row in EQUAL])
def test_these_count_as_equal_both_ways(a: Any, b: Any) -> None:
    assert compare(v(a), v(b)) is None
    assert compare(v(b), v(a)) is None


@pytest.mark.parametrize(
    ("a", "b", "kind"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT]
)
def test_these_differ_and_in_this(a: Any, b: Any, kind: DifferenceKind) -> None:
    found = compare(v(a), v(b))
    assert found is not None
    assert found.kind is kind


def test_a_tolerance_that_an_author_sets_holds_for_integers_too() -> None:
    assert compare(v(100), v(101), Tolerance(relative=0.02)) is None
    assert compare(v(100), v(103), Tolerance(relative=0.02)) is not None


def test_a_difference_names_where_and_what_was_observed() -> None:
    found = compare(v({"scores": [1, 2, 3]}), v({"scores": [1, 9, 3]}))
    assert found is not None
    assert found.where == "['scores']"
    assert found.facts == {"count": "1", "total": "3", "observed": "9", "first": "[1]"}


def test_missing_values_are_counted_in_their_column() -> None:
    found = compare(v(frame({"age": [1.0, 2.0, 3.0]})), v(frame({"age": [1.0, NAN, NAN]})))
    assert found is not None
    assert found.facts["column"] == "age"
    assert found.facts["count"] == "2"


def test_only_a_difference_of_index_labels_leaves_the_verdict_open() -> None:
    found = compare(v(series([1, 2], labels=[4, 7])), v(series([1, 2])))
    assert found is not None
    assert not found.decisive


def test_a_column_named_twice_is_compared_by_position_among_its_namesakes() -> None:
    twice = frame({"a": [1]}).model_copy(update={"columns": (column("a", [1]), column("a", [2]))})
    assert compare(twice, twice) is None


def test_a_signalling_nan_within_a_complex_number_is_compared_without_a_warning() -> None:
    raw = bytes(14) + bytes.fromhex("f17f")
    number = Array(dtype="<c16", shape=(1,), data=base64.b64encode(raw).decode())
    assert compare(number, number) is None
