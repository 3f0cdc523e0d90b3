"""From a kernel's messages to bounded output events. Pure; every message is a claim.

Changes are gathered and handed over by `flush`, which the run calls every 50 ms, so that a loop of
prints becomes a few events. What goes beyond the limits is counted and dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from notebooks.kernels.records import (
    Limits,
    Note,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunEventBody,
)
from notebooks.kernels.runner.bundles import read_bundle, read_error
from notebooks.kernels.runner.streams import LEAST_ROOM, REWRITE_FLUSHES, StreamOutput

MAX_OUTPUTS = 50

_STREAM_BURST = 2
"""How many times the stored size may be written to streams at once, not even looked at beyond."""
_STREAM_CHARACTERS_PER_FLUSH = 16 * 1024
_STREAM_SHARE = 4
"""Which part of the stored size one stream output may take, as a divisor."""
_TRAFFIC_FACTOR = 32
"""How many times the stored size may be sent in all, by outputs that replace themselves."""


@dataclass(slots=True)
class _Shown:
    """A displayed value, a result or an error."""

    output: Output
    sent: bool = False

    @property
    def size(self) -> int:
        return _size(self.output)

    @property
    def flushes(self) -> int:
        return REWRITE_FLUSHES if self.sent else 1


class OutputCollector:
    """The outputs of one run, and what has to be told about them."""

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.output_bytes
        self._text_left = limits.output_bytes * _STREAM_BURST
        self._traffic_left = limits.output_bytes * _TRAFFIC_FACTOR
        self._outputs: list[StreamOutput | _Shown] = []
        self._changed: set[int] = set()
        self._omitted: dict[int, int] = {}
        self._displays: dict[str, list[int]] = {}
        self._cleared = False
        self._clear_before_next = False
        self._waited = 0

    def on_message(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one iopub message."""
        match kind:
            case "stream":
                self._on_stream(content)
            case "error":
                self._add(read_error(content))
            case "display_data":
                self._on_display("display", content)
            case "execute_result":
                self._on_display("result", content)
            case "update_display_data":
                self._on_update(content)
            case "clear_output":
                self._clear_before_next = True
                if content.get("wait") is not True:
                    self._clear_if_asked()

    def flush(self) -> list[RunEventBody]:
        """Return the events for what has changed since the last flush.

        A change that takes back something that was sent waits for its turn, and the rest with it:
        a live plot is shown five times a second.
        """
        self._waited += 1
        burst = self._limit * _STREAM_BURST
        self._text_left = min(burst, self._text_left + _STREAM_CHARACTERS_PER_FLUSH)
        if not self._changed and not self._cleared:
            return []
        wanted = max((self._outputs[index].flushes for index in self._changed), default=1)
        if self._waited < max(wanted, REWRITE_FLUSHES if self._cleared else 1):
            return []
        return self._events(self._traffic_left)

    def finish(self) -> list[RunEventBody]:
        """Return the last events: what is gathered, and how much was left out where."""
        for index, output in enumerate(self._outputs):
            if isinstance(output, StreamOutput):
                if output.left_out() or index in self._omitted:
                    output.resend()
                    self._changed.add(index)
            elif index in self._omitted:
                self._changed.add(index)
        return self._events(None)

    def resend(self, index: int) -> None:
        """Send an output whole again: an event about it was not taken."""
        if index < len(self._outputs):
            output = self._outputs[index]
            if isinstance(output, StreamOutput):
                output.resend()
            self._changed.add(index)

    def explain(self, index: int, note: Note) -> None:
        """Put a word to an output that is shown."""
        output = self._outputs[index]
        if isinstance(output, StreamOutput):
            output.note = note
        else:
            output.output = output.output.model_copy(update={"note": note})
        self.resend(index)

    def outputs(self) -> list[Output]:
        """Return the outputs as they are now."""
        return [self._whole(index) for index in range(len(self._outputs))]

    def _events(self, budget: int | None) -> list[RunEventBody]:
        self._waited = 0
        events: list[RunEventBody] = [OutputsCleared()] if self._cleared else []
        self._cleared = False
        for index in sorted(self._changed):
            if budget is not None and self._outputs[index].size > self._traffic_left:
                continue  # until the end of the run
            self._changed.discard(index)
            event = self._event(index)
            if event is not None:
                self._traffic_left -= _event_size(event)
                events.append(event)
        return events

    def _event(self, index: int) -> OutputSet | OutputAppended | None:
        output = self._outputs[index]
        if isinstance(output, StreamOutput):
            event = output.change()
            if event is None or isinstance(event, OutputAppended):
                return event and event.model_copy(update={"index": index})
        else:
            output.sent = True
        return OutputSet(index=index, output=self._whole(index))

    def _whole(self, index: int) -> Output:
        output, omitted = self._outputs[index], self._omitted.get(index, 0)
        if isinstance(output, StreamOutput):
            return output.output(omitted)
        total = output.output.omitted_bytes + omitted
        return output.output.model_copy(update={"omitted_bytes": total})

    def _on_stream(self, content: Mapping[str, Any]) -> None:
        name: Literal["stdout", "stderr"] = (
            "stderr" if content.get("name") == "stderr" else "stdout"
        )
        text = content.get("text")
        if not isinstance(text, str) or not text:
            return
        self._clear_if_asked()
        kept = text[: self._text_left]
        self._text_left -= len(kept)
        self._omit(len(text) - len(kept))
        index = self._stream_for(name, continues=text.startswith(("\r", "\b")))
        if index is None:
            if self._full():
                self._omit(len(kept))
                return
            index = len(self._outputs)
            room = min(self._limit - self._held(), self._limit // _STREAM_SHARE)
            self._outputs.append(StreamOutput(name, room))
        stream = self._outputs[index]
        if isinstance(stream, StreamOutput) and kept:
            stream.write(kept)
            self._changed.add(index)

    def _stream_for(self, name: str, *, continues: bool) -> int | None:
        """Return which output takes text of a stream; None if a new one must.

        That is the last output, if it is of this stream. Text that goes on with a line looks
        further back, past the other stream; so does all text when no output may be added.
        """
        full = self._full()
        for index in reversed(range(len(self._outputs))):
            output = self._outputs[index]
            if isinstance(output, StreamOutput) and output.name == name:
                return index
            if not full and not (continues and isinstance(output, StreamOutput)):
                return None
        return None

    def _on_display(self, kind: Literal["display", "result"], content: Mapping[str, Any]) -> None:
        data, omitted, note = read_bundle(content.get("data"))
        if not data and not omitted and note is None:
            return
        added = self._add(Output(kind=kind, data=data, omitted_bytes=omitted, note=note))
        display_id = _display_id(content)
        if added is not None and display_id is not None:
            self._displays.setdefault(display_id, []).append(added)

    def _on_update(self, content: Mapping[str, Any]) -> None:
        data, omitted, note = read_bundle(content.get("data"))
        for index in self._displays.get(_display_id(content) or "", []):
            shown = self._outputs[index]
            if not isinstance(shown, _Shown):
                continue
            changed = {"data": data, "omitted_bytes": omitted, "note": note}
            new = shown.output.model_copy(update=changed)
            if self._held() - shown.size + _size(new) > self._limit:
                self._omitted[index] = self._omitted.get(index, 0) + _size(new)
                continue
            shown.output = new
            self._changed.add(index)

    def _clear_if_asked(self) -> None:
        if not self._clear_before_next:
            return
        self._clear_before_next = False
        self._cleared = self._cleared or bool(self._outputs)
        self._outputs, self._changed, self._omitted, self._displays = [], set(), {}, {}

    def _add(self, output: Output) -> int | None:
        """Add an output if there is room, and return its index; an error always has room."""
        self._clear_if_asked()
        error = output.kind == "error"
        too_much = self._held() + _size(output) > self._limit and not error
        if too_much or len(self._outputs) >= MAX_OUTPUTS + error:
            self._omit(_size(output))
            return None
        self._outputs.append(_Shown(output))
        self._changed.add(len(self._outputs) - 1)
        return len(self._outputs) - 1

    def _omit(self, count: int) -> None:
        if count > 0:
            index = max(0, len(self._outputs) - 1)
            self._omitted[index] = self._omitted.get(index, 0) + count

    def _full(self) -> bool:
        return len(self._outputs) >= MAX_OUTPUTS or self._held() + LEAST_ROOM > self._limit

    def _held(self) -> int:
        """Return the size of everything, with what may yet be added to the stream outputs."""
        held, open_streams = 0, {"stdout", "stderr"}
        for output in reversed(self._outputs):
            if isinstance(output, StreamOutput) and output.name in open_streams:
                open_streams.discard(output.name)
                held += output.capacity
            else:
                held += output.size
        return held


def _size(output: Output) -> int:
    return len(output.text) + len(output.evalue) + sum(map(len, output.data.values()))


def _event_size(event: OutputSet | OutputAppended) -> int:
    return len(event.text) if isinstance(event, OutputAppended) else _size(event.output)


def _display_id(content: Mapping[str, Any]) -> str | None:
    transient = content.get("transient")
    found = transient.get("display_id") if isinstance(transient, Mapping) else None
    return found if isinstance(found, str) else None
