"""What a list of variables tells, and that it runs nothing of the student's to find out."""

import json
from typing import Any

import numpy as np
import pytest

from notebooks.kernels.provisioners.kernel_variables import MAX_VARIABLES, list_variables


def listed(**namespace: Any) -> list[dict[str, Any]]:
    found = list_variables(namespace, (), 60)
    json.dumps(found)
    variables: list[dict[str, Any]] = found["variables"]
    return variables


class Trap:
    """Notices whatever is done to it, its class included."""

    sprung: list[str] = []  # noqa: RUF012 - shared on purpose

    def __getattribute__(self, name: str) -> Any:
        Trap.sprung.append(name)
        return object.__getattribute__(self, name)

    def __repr__(self) -> str:
        Trap.sprung.append("repr")
        return "trap"

    def __len__(self) -> int:
        Trap.sprung.append("len")
        return 1

    def __eq__(self, other: object) -> bool:
        Trap.sprung.append("eq")
        return True

    def __hash__(self) -> int:
        Trap.sprung.append("hash")
        return 1


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        Trap.sprung.append(f"class {name}")
        return super().__getattribute__(name)

    def __instancecheck__(cls, instance: object) -> bool:
        Trap.sprung.append("instance")
        return True


class Disguised(metaclass=Meta):
    pass


class List(list[int]):
    def __len__(self) -> int:
        Trap.sprung.append("len of a subclass")
        return 7

    def __iter__(self) -> Any:
        Trap.sprung.append("items of a subclass")
        return super().__iter__()


class Array(np.ndarray[Any, Any]):
    @property  # type: ignore[misc] # a student may
    def shape(self) -> Any:
        Trap.sprung.append("shape of a subclass")
        return (1,)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (7, ("int", "", "7")),
        (10**5000, ("int", "", "a huge integer")),
        (True, ("bool", "", "True")),
        (None, ("NoneType", "", "None")),
        (1.5, ("float", "", "1.5")),
        ("wine", ("str", "4", "'wine'")),
        ("x" * 10**6, ("str", "1000000", "'" + "x" * 79 + "…")),
        (b"ab", ("bytes", "2", "b'ab'")),
        ([1, "a", [2]], ("list", "3", "[1, 'a', <list>]")),
        (list(range(10**6)), ("list", "1000000", "[0, 1, 2, 3, 4, …]")),
        ((1,), ("tuple", "1", "(1)")),
        ({"a": 1, "b": {}}, ("dict", "2", "{'a': 1, 'b': <dict>}")),
        (set(), ("set", "0", "{}")),
        (range(3), ("range", "3", "range(0, 3)")),
        (np.zeros((178, 14)), ("ndarray", "178 \u00d7 14", "float64 [0.0, 0.0, 0.0, 0.0, 0.0, …]")),
        (np.array(3), ("ndarray", "()", "int64 [3]")),
        (np.array([Trap()], dtype=object), ("ndarray", "1", "object")),
        (np.float32(0.5), ("float32", "", "0.5")),
        (np.str_("a"), ("str_", "", "'a'")),
        (len, ("builtin_function_or_method", "", "")),
        (int, ("type", "", "")),
        (iter([]), ("list_iterator", "", "")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_plain_value_tells_its_type_size_and_beginning(
    value: Any, told: tuple[str, str, str]
) -> None:
    (found,) = listed(value=value)
    assert (found["type"], found["size"], found["preview"]) == told


def test_nothing_of_the_students_is_run() -> None:
    traps = {
        "trap": Trap(), "class_": Trap, "disguised": Disguised(), "meta": Disguised,
        "in_list": [Trap()], "in_dict": {"a": Trap()}, "subclass": List([1]),
        "array": np.zeros(3).view(Array),
    }  # fmt: skip
    Trap.sprung.clear()
    found = list_variables(dict(traps), (), 60)
    assert Trap.sprung == []
    told = {one["name"]: (one["type"], one["size"], one["preview"]) for one in found["variables"]}
    assert told["trap"] == ("Trap", "", "")
    assert told["disguised"] == ("Disguised", "", "")
    assert told["meta"] == ("Meta", "", "")
    assert told["in_list"] == ("list", "1", "[<Trap>]")
    assert told["subclass"] == ("List", "", "")
    assert told["array"] == ("Array", "", "")


def test_what_is_no_variable_is_not_listed() -> None:
    namespace: dict[Any, Any] = {"a": 1, "_b": 2, "np": np, "In": [], 7: 8, Trap(): 9}
    found = list_variables(namespace, {"In"}, 60)
    assert [one["name"] for one in found["variables"]] == ["a"]


def test_a_huge_namespace_tells_its_newest_and_how_many_more() -> None:
    found = list_variables({f"v{number}": number for number in range(10_000)}, (), 60)
    assert found["variables"][0]["name"] == "v9999"
    assert len(found["variables"]) <= MAX_VARIABLES
    assert found["omitted"] == 10_000 - len(found["variables"])


def test_time_that_is_up_leaves_the_rest_for_the_count() -> None:
    assert list_variables({"a": 1, "b": 2}, (), -1) == {"variables": [], "omitted": 2}


def test_a_name_of_a_megabyte_is_cut() -> None:
    (found,) = listed(**{"n" * 10**6: type("T" * 10**6, (), {})()})
    assert len(found["name"]) == len(found["type"]) == 100
