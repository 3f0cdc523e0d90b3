"""Reading `case.yaml`: every fault with its line."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from notebooks.cases.problems import ProblemLog
from notebooks.cases.profile import Profile
from notebooks.text import storable

MAX_DEPTH = 40

_MESSAGES = {
    "missing": "`{path}` is missing.",
    "extra_forbidden": "`{path}` is not known here; a misspelt name?",
    "union_tag_not_found": (
        "`{path}` needs a `kind`: value, call, raises, stdout, figure, metric, property or file."
    ),
}


class Places:
    """Where in the YAML text each part of the data stands."""

    def __init__(self, root: yaml.Node) -> None:
        self._root = root

    def line(self, path: tuple[int | str, ...]) -> int:
        """Return the line (from 1) of the part at `path`, or of the closest part around it."""
        node, line = self._root, self._root.start_mark.line + 1
        for step in path:
            child = _child(node, step)
            if child is not None:
                node, line = child
        return line


def read_profile(text: str, file: str, log: ProblemLog) -> tuple[Profile, Places] | None:
    """Return the profile that `text` describes; None if it describes none, which the log says."""
    loaded = _load(text, file, log)
    if loaded is None:
        return None
    root, data = loaded
    places = Places(root)
    faults = [(line, f"`{key}` is written twice.") for key, line in _repeated_keys(root)]
    faults += [(places.line(path), f"`{_dotted(path)}` {why}") for path, why in _unfit(data)]
    for line, message in faults:
        log.add(file, message, line=line)
    if faults:
        return None
    try:
        return Profile.model_validate(data), places
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            path = _without_tags(data, fault["loc"])
            template = _MESSAGES.get(fault["type"], "`{path}`: {msg}.")
            message = template.format(path=_dotted(path), msg=fault["msg"])
            log.add(file, message, line=places.line(path))
        return None


def _load(text: str, file: str, log: ProblemLog) -> tuple[yaml.Node, dict[Any, Any]] | None:
    try:
        for line, message in _refused(text):
            log.add(file, message, line=line)
            return None
        root = yaml.compose(text, yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ": ".join(part for part in (error.context, error.problem) if part)
        log.add(file, f"Not readable as YAML: {message}.", line=mark.line + 1 if mark else None)
        return None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        log.add(file, f"Not readable as YAML: {error}.")
        return None
    if root is None or not isinstance(data, dict):
        log.add(file, "This file has to hold `title:` and `subtasks:`.", line=1)
        return None
    return root, data


def _refused(text: str) -> Iterator[tuple[int, str]]:
    """Yield what this format does without: aliases, which can make little text endless, and depth.

    Reads event by event, so that whoever stops at the first fault never meets the rest.
    """
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            yield line, "Aliases (`*name`) are not supported. Repeat the text."
        elif depth > MAX_DEPTH:
            yield line, f"This is nested more than {MAX_DEPTH} levels deep."


def _child(node: yaml.Node, step: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child = node.value[step]
        return child, child.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    return None


def _repeated_keys(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _unfit(
    data: Any,  # noqa: ANN401 - whatever YAML holds
    path: tuple[int | str, ...] = (),
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Yield values that would not come back from JSON as they are."""
    if isinstance(data, dict):
        for key, value in data.items():
            if isinstance(key, str):
                yield from _unfit(value, (*path, key))
            else:
                yield path, f"has a name that is no text: {key!r}. Put it in quotes."
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _unfit(value, (*path, index))
    elif (fault := _scalar_fault(data)) is not None:
        yield path, fault


def _scalar_fault(value: object) -> str | None:
    match value:
        case None | bool() | int():
            return None
        case str():
            stored = storable(value) == value
            return None if stored else "holds a character that cannot be stored, such as NUL."
        case float():
            finite = math.isfinite(value)
            return None if finite else "is no finite number. Ask for it by an expression instead."
        case _:
            return f"is a {type(value).__name__}, not text, a number or a list. Put it in quotes."


def _without_tags(data: Any, loc: tuple[int | str, ...]) -> tuple[int | str, ...]:  # noqa: ANN401 - whatever YAML holds
    """Return a fault's place without the names of union members that pydantic puts in between."""
    path: list[int | str] = []
    for step in loc[:-1]:
        if _has(data, step):
            data = data[step]
            path.append(step)
    return (*path, *loc[-1:])


def _has(data: object, step: int | str) -> bool:
    if isinstance(data, list):
        return isinstance(step, int) and step < len(data)
    return isinstance(data, Mapping) and step in data


def _dotted(path: tuple[int | str, ...]) -> str:
    text = ""
    for step in path:
        text += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") or "case.yaml"
