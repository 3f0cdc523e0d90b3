"""From a kernel's messages to bounded output events. Pure; every message is a claim.

Text of one stream is gathered and handed over by `flush`, which the run calls every 50 ms, so that
a loop of prints becomes a few events. What goes beyond the limits is counted and dropped.
"""

from collections.abc import Mapping
from typing import Any, Literal

from notebooks.kernels.records import (
    Limits,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunEventBody,
)

DISPLAY_KINDS = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "image/gif",
)
"""Kinds that pass; the browser shows no other."""

MAX_OUTPUTS = 50
MAX_IMAGE_BYTES = 1024 * 1024
_MAX_ERROR_CHARACTERS = 64 * 1024
_MAX_NAME_CHARACTERS = 1000
_TRAFFIC_FACTOR = 32
"""How many times the stored size may be sent in all, by outputs that replace themselves."""


class OutputCollector:
    """The outputs of one run, and what has to be told about them."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.output_bytes
        self._traffic_left = limits.output_bytes * _TRAFFIC_FACTOR
        self._outputs: list[Output] = []
        self._omitted: dict[int, int] = {}
        self._displays: dict[str, list[int]] = {}
        self._pending = ""
        self._clear_before_next = False

    def on_message(self, kind: str, content: Mapping[str, Any]) -> list[RunEventBody]:
        """Take one iopub message and return the events it makes at once."""
        events: list[RunEventBody] = []
        match kind:
            case "stream":
                events = self._on_stream(content)
            case "error":
                events = self._add(_error(content))
            case "display_data":
                events = self._on_display("display", content)
            case "execute_result":
                events = self._on_display("result", content)
            case "update_display_data":
                events = self._on_update(content)
            case "clear_output":
                events = self._on_clear(wait=content.get("wait") is True)
        return events

    def flush(self) -> list[RunEventBody]:
        """Return the event for the stream text gathered since the last flush."""
        if not self._pending:
            return []
        text, self._pending = self._pending, ""
        index = len(self._outputs) - 1
        output = self._outputs[index]
        self._outputs[index] = output.model_copy(update={"text": output.text + text})
        self._traffic_left -= len(text)
        if not output.text:
            return [OutputSet(index=index, output=self._outputs[index])]
        return [OutputAppended(index=index, text=text)]

    def finish(self) -> list[RunEventBody]:
        """Return the last events: what is gathered, and how much was left out where."""
        events = self.flush()
        for index, omitted in sorted(self._omitted.items()):
            if index < len(self._outputs):
                output = self._outputs[index].model_copy(update={"omitted_bytes": omitted})
                events.append(OutputSet(index=index, output=output))
        return events

    def _on_stream(self, content: Mapping[str, Any]) -> list[RunEventBody]:
        name: Literal["stdout", "stderr"] = (
            "stderr" if content.get("name") == "stderr" else "stdout"
        )
        text = content.get("text")
        if not isinstance(text, str) or not text:
            return []
        events = self._cleared()
        last = self._outputs[-1] if self._outputs else None
        if last is None or last.kind != "stream" or last.name != name:
            events += self.flush()
            if len(self._outputs) >= MAX_OUTPUTS:
                self._omit(len(text))
                return events
            self._outputs.append(Output(kind="stream", name=name))
        room = max(0, min(self._limit - self._held(), self._traffic_left - len(self._pending)))
        self._pending += text[:room]
        self._omit(len(text) - room)
        return events

    def _on_display(
        self, kind: Literal["display", "result"], content: Mapping[str, Any]
    ) -> list[RunEventBody]:
        data, omitted = _bundle(content.get("data"))
        if not data and not omitted:
            return []
        output = Output(kind=kind, data=data, omitted_bytes=omitted)
        before = len(self._outputs)
        events = self._add(output)
        display_id = _display_id(content)
        if display_id is not None and len(self._outputs) != before:
            self._displays.setdefault(display_id, []).append(len(self._outputs) - 1)
        return events

    def _on_update(self, content: Mapping[str, Any]) -> list[RunEventBody]:
        data, omitted = _bundle(content.get("data"))
        events = self.flush()
        for index in self._displays.get(_display_id(content) or "", []):
            old = self._outputs[index]
            new = old.model_copy(update={"data": data, "omitted_bytes": omitted})
            if self._held() - _size(old) + _size(new) > self._limit or not self._pay(new):
                self._omitted[index] = self._omitted.get(index, 0) + _size(new)
                continue
            self._outputs[index] = new
            events.append(OutputSet(index=index, output=new))
        return events

    def _on_clear(self, *, wait: bool) -> list[RunEventBody]:
        if wait:
            self._clear_before_next = True
            return []
        return self._clear()

    def _cleared(self) -> list[RunEventBody]:
        return self._clear() if self._clear_before_next else []

    def _clear(self) -> list[RunEventBody]:
        self._clear_before_next = False
        had_any = bool(self._outputs)
        self._outputs, self._omitted, self._displays, self._pending = [], {}, {}, ""
        return [OutputsCleared()] if had_any else []

    def _add(self, output: Output) -> list[RunEventBody]:
        events = [*self._cleared(), *self.flush()]
        too_much = self._held() + _size(output) > self._limit and output.kind != "error"
        if too_much or len(self._outputs) >= MAX_OUTPUTS + (output.kind == "error"):
            self._omit(_size(output))
            return events
        if not self._pay(output):
            return events
        self._outputs.append(output)
        events.append(OutputSet(index=len(self._outputs) - 1, output=output))
        return events

    def _pay(self, output: Output) -> bool:
        size = _size(output)
        if size > self._traffic_left:
            return False
        self._traffic_left -= size
        return True

    def _omit(self, count: int) -> None:
        if count > 0:
            index = max(0, len(self._outputs) - 1)
            self._omitted[index] = self._omitted.get(index, 0) + count

    def _held(self) -> int:
        return sum(map(_size, self._outputs)) + len(self._pending)


def _size(output: Output) -> int:
    return len(output.text) + len(output.evalue) + sum(map(len, output.data.values()))


def _error(content: Mapping[str, Any]) -> Output:
    lines = content.get("traceback")
    text = "\n".join(map(str, lines)) if isinstance(lines, list) else ""
    if len(text) > _MAX_ERROR_CHARACTERS:
        half = _MAX_ERROR_CHARACTERS // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return Output(
        kind="error",
        ename=str(content.get("ename", ""))[:_MAX_NAME_CHARACTERS],
        evalue=str(content.get("evalue", ""))[:_MAX_NAME_CHARACTERS],
        text=text,
    )


def _bundle(data: object) -> tuple[dict[str, str], int]:
    """Return the kinds that pass, and how many bytes did not."""
    if not isinstance(data, Mapping):
        return {}, 0
    kept: dict[str, str] = {}
    omitted = 0
    for kind in DISPLAY_KINDS:
        value = data.get(kind)
        if not isinstance(value, str):
            continue
        if kind.startswith("image/") and len(value) > MAX_IMAGE_BYTES:
            omitted += len(value)
            continue
        kept[kind] = value
    return kept, omitted


def _display_id(content: Mapping[str, Any]) -> str | None:
    transient = content.get("transient")
    found = transient.get("display_id") if isinstance(transient, Mapping) else None
    return found if isinstance(found, str) else None
