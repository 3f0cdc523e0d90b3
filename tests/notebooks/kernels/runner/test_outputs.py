from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.kernels.records import (
    Limits,
    Note,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
    RunEventBody,
)
from notebooks.kernels.runner.outputs import MAX_OUTPUTS, OutputCollector
from notebooks.kernels.runner.streams import HEAD_CHARACTERS, TAIL_CHARACTERS
from notebooks.kernels.runner.terminal import LIVE_CHARACTERS, settled

KILOBYTE = 1024


def collector(output_bytes: int = 100 * KILOBYTE) -> OutputCollector:
    return OutputCollector(Limits(output_bytes=output_bytes))


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"name": name, "text": text}


def display(text: str, display_id: str | None = None) -> dict[str, Any]:
    return {"data": {"text/plain": text}, "transient": {"display_id": display_id}}


def shown(text: str, **more: Any) -> Output:
    return Output(kind="display", data={"text/plain": text}, **more)


class Reader:
    """Somebody who applies the events in their order, as the database and the page do."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.characters = 0
        self.events = 0

    def apply(self, events: list[RunEventBody]) -> None:
        for event in events:
            self.events += 1
            match event:
                case OutputsCleared():
                    self.outputs = []
                case OutputSet(index=index, output=output):
                    assert index <= len(self.outputs)
                    self.outputs[index : index + 1] = [output]
                    self.characters += len(output.model_dump_json())
                case OutputAppended(index=index, text=text, start=start):
                    old = self.outputs[index]
                    assert start is not None
                    assert start <= len(old.text)
                    self.outputs[index] = old.model_copy(update={"text": old.text[:start] + text})
                    self.characters += len(text)


def flushed(made: OutputCollector) -> list[RunEventBody]:
    """What the next flushes tell; one that takes something back may have to wait."""
    return [event for _ in range(30) for event in made.flush()]


def test_text_of_one_stream_is_gathered_until_the_flush() -> None:
    made = collector()
    made.on_message("stream", stream("a"))
    made.on_message("stream", stream("b"))
    first = Output(kind="stream", name="stdout", text="ab")
    assert made.flush() == [OutputSet(index=0, output=first)]
    made.on_message("stream", stream("c"))
    assert made.flush() == [OutputAppended(index=0, text="c", start=2)]
    assert made.flush() == []


def test_the_other_stream_begins_a_new_output() -> None:
    made = collector()
    made.on_message("stream", stream("a"))
    made.on_message("stream", stream("b", "stderr"))
    made.on_message("stream", stream("c"))
    assert [(one.name, one.text) for one in made.outputs()] == [
        ("stdout", "a"), ("stderr", "b"), ("stdout", "c"),
    ]  # fmt: skip


def test_a_bar_beside_prints_stays_one_line() -> None:
    made = collector()
    for step in range(200):
        made.on_message("stream", stream(f"\rstep {step}", "stderr"))
        made.on_message("stream", stream(f"loss {step}\n"))
    bar, prints = made.outputs()
    assert bar.text == "step 199"
    assert prints.text.endswith("loss 198\nloss 199\n")


def test_streams_that_take_turns_for_ever_lose_their_order_but_no_text() -> None:
    made = collector()
    for turn in range(MAX_OUTPUTS * 2):
        made.on_message("stream", stream(f"out {turn}\n"))
        made.on_message("stream", stream(f"err {turn}\n", "stderr"))
    outputs = made.outputs()
    assert len(outputs) <= MAX_OUTPUTS
    said = "".join(output.text for output in outputs)
    assert all(f"out {turn}\n" in said for turn in range(MAX_OUTPUTS * 2))
    assert not any(output.omitted_bytes for output in outputs)


def test_a_progress_bar_of_ten_thousand_steps_is_a_few_kilobytes() -> None:
    made, reader = collector(), Reader()
    made.on_message("stream", stream("training\n", "stderr"))
    for step in range(10_000):
        bar = f"\r{step / 100:3.0f}%|{'█' * (step // 500):<20}| {step}/10000 [00:01<00:02]"
        made.on_message("stream", stream(bar, "stderr"))
        if step % 25 == 0:
            reader.apply(made.flush())
    reader.apply(made.finish())
    (output,) = reader.outputs
    assert output.text.splitlines()[0] == "training"
    assert "9999/10000" in output.text
    assert len(output.model_dump_json()) < KILOBYTE
    assert reader.characters < 16 * KILOBYTE


def test_a_state_of_a_line_is_told_from_the_beginning_of_the_line() -> None:
    made = collector()
    made.on_message("stream", stream("one\n 1%"))
    made.flush()
    starts = []
    for step in (10, 11, 20, 21):
        made.on_message("stream", stream(f"\r{step}%"))
        starts += [event.start for event in flushed(made) if isinstance(event, OutputAppended)]
    assert starts == [4] * 4


def test_a_line_that_is_written_over_is_told_at_most_five_times_a_second() -> None:
    made = collector()
    told = 0
    for step in range(400):  # flushes of 50 ms each: twenty seconds
        made.on_message("stream", stream(f"\r{step}"))
        told += len(made.flush())
    assert 50 <= told <= 101


MESS = st.lists(
    st.one_of(
        st.sampled_from(["\r", "\n", "\b", "\x1b[A", "\x1b[31m", "\x1b[0m", "é", "\U0001f600"]),
        st.text(alphabet="ab \n\r", max_size=6),
    ),
    max_size=30,
)


@given(MESS, st.integers(min_value=1, max_value=5))
def test_a_reader_of_the_events_sees_what_the_terminal_shows(pieces: list[str], every: int) -> None:
    made, reader = collector(), Reader()
    for number, piece in enumerate(pieces):
        made.on_message("stream", stream(piece))
        if number % every == 0:
            reader.apply(made.flush())
    reader.apply(made.finish())
    assert "".join(output.text for output in reader.outputs) == settled("".join(pieces))
    assert reader.outputs == made.outputs()


def test_only_kinds_that_can_be_shown_pass() -> None:
    made = collector()
    data = {"text/plain": "x", "image/png": "aGk=", "application/javascript": "a()", "text/html": 7}
    made.on_message("display_data", {"data": data})
    kept = {"text/plain": "x", "image/png": "aGk="}
    assert made.flush() == [OutputSet(index=0, output=Output(kind="display", data=kept))]


@pytest.mark.parametrize(
    ("data", "kept", "code"),
    [
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Slider"},
         {"text/plain": "Slider"}, "widget"),
        ({"application/vnd.plotly.v1+json": {"data": []}, "text/plain": "Figure()"},
         {"text/plain": "Figure()"}, "interactive"),
        ({"application/vnd.vegalite.v5+json": {}}, {}, "interactive"),
        ({"application/javascript": "alert(1)"}, {}, "unknown_kind"),
        ({"application/json": {"a": [1]}, "text/plain": "x"},
         {"application/json": '{\n  "a": [\n    1\n  ]\n}', "text/plain": "x"}, None),
    ],
)  # fmt: skip
def test_what_needs_a_program_falls_back_to_its_text_with_a_word(
    data: dict[str, Any], kept: dict[str, str], code: str | None
) -> None:
    made = collector()
    made.on_message("display_data", {"data": data})
    (output,) = made.outputs()
    assert output.data == kept
    assert (output.note.code if output.note else None) == code


def test_an_updated_display_replaces_its_output_wherever_it_was_shown() -> None:
    made = collector()
    made.on_message("display_data", display("old", "one"))
    made.on_message("display_data", display("old", "one"))
    made.flush()
    made.on_message("update_display_data", display("new", "one"))
    made.on_message("update_display_data", display("x", "unknown"))
    assert flushed(made) == [OutputSet(index=at, output=shown("new")) for at in (0, 1)]


def test_a_display_that_is_updated_in_a_hurry_is_told_at_most_five_times_a_second() -> None:
    made = collector()
    made.on_message("display_data", display("0", "one"))
    told = len(made.flush())
    for step in range(400):
        made.on_message("update_display_data", display(str(step), "one"))
        told += len(made.flush())
    assert 50 <= told <= 101
    assert made.outputs() == [shown("399")]


def test_clearing_with_wait_happens_at_the_next_output() -> None:
    made = collector()
    made.on_message("display_data", display("old"))
    made.flush()
    made.on_message("clear_output", {"wait": True})
    assert flushed(made) == []
    made.on_message("display_data", display("new"))
    assert flushed(made) == [OutputsCleared(), OutputSet(index=0, output=shown("new"))]


def test_clearing_without_wait_happens_at_once() -> None:
    made = collector()
    made.on_message("stream", stream("old"))
    made.flush()
    made.on_message("clear_output", {"wait": False})
    assert flushed(made) == [OutputsCleared()]
    made.on_message("stream", stream("new"))
    assert [output.text for output in made.outputs()] == ["new"]


def test_a_flood_keeps_its_beginning_and_its_end() -> None:
    made, reader = collector(1024 * KILOBYTE), Reader()
    for number in range(20_000):
        made.on_message("stream", stream(f"line {number} {'x' * 60}\n"))
        if number % 100 == 0:
            reader.apply(made.flush())
    reader.apply(made.finish())
    (output,) = reader.outputs
    assert output.text.startswith("line 0 ")
    assert f"line 19999 {'x' * 60}\n" in output.text
    assert "\n⋯\nline " in output.text
    assert len(output.text) < HEAD_CHARACTERS + TAIL_CHARACTERS + LIVE_CHARACTERS + KILOBYTE
    assert output.omitted_bytes > 1024 * KILOBYTE
    assert reader.characters < 2048 * KILOBYTE


def test_all_outputs_together_stay_within_the_limit() -> None:
    made = collector(200 * KILOBYTE)
    for number in range(40):
        made.on_message("stream", stream("o" * 50_000, ("stdout", "stderr")[number % 2]))
        made.on_message("display_data", display("d" * 20_000))
    outputs = made.outputs()
    held = sum(len(one.text) + sum(map(len, one.data.values())) for one in outputs)
    assert held <= 200 * KILOBYTE
    assert sum(output.omitted_bytes for output in outputs) >= 40 * 70_000 - 200 * KILOBYTE


def test_text_beyond_what_is_looked_at_is_counted() -> None:
    made = collector()
    for _ in range(300):
        made.on_message("stream", stream("x" * 10_000))
    (output,) = made.outputs()
    made.finish()
    assert len(output.text) + output.omitted_bytes >= 3_000_000


def test_an_error_is_shown_even_when_the_limit_is_reached() -> None:
    made = collector(40 * KILOBYTE)
    made.on_message("stream", stream("x" * 40 * KILOBYTE))
    made.on_message("display_data", display("x" * 40 * KILOBYTE))
    made.on_message("error", {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]})
    error = Output(kind="error", ename="ValueError", evalue="no", text="a\nb")
    assert made.outputs()[-1] == error


def test_a_long_traceback_keeps_its_first_and_its_last_frames() -> None:
    made = collector()
    frames = [f"frame {number} {'y' * 5000}" for number in range(1000)]
    made.on_message("error", {"ename": "E", "evalue": "\x1b]0;t\x07no", "traceback": frames})
    (error,) = made.outputs()
    lines = error.text.split("\n")
    assert lines[0].startswith("frame 0 ")
    assert lines[-1].endswith("y")
    assert "⋯" in lines
    assert len(error.text) < 70 * KILOBYTE
    assert error.omitted_bytes > 4_000_000
    assert error.evalue == "no"


def test_outputs_beyond_the_number_allowed_are_dropped_and_counted() -> None:
    made = collector()
    for number in range(MAX_OUTPUTS + 5):
        made.on_message("display_data", display(str(number)))
    assert len(made.outputs()) == MAX_OUTPUTS
    assert made.outputs()[-1].omitted_bytes == 10


def test_a_display_that_updates_for_ever_is_told_its_end_when_its_budget_is_spent() -> None:
    made, reader = collector(KILOBYTE), Reader()
    made.on_message("display_data", display("0" * 500, "one"))
    for step in range(10_000):
        made.on_message("update_display_data", display(f"{step:0500}", "one"))
        reader.apply(made.flush())
    assert reader.events < 100
    reader.apply(made.finish())
    assert reader.outputs == [shown(f"{9999:0500}")]


def test_an_output_that_was_not_taken_is_sent_whole_again() -> None:
    made = collector()
    made.on_message("stream", stream("a"))
    made.flush()
    made.on_message("stream", stream("b"))
    made.flush()
    made.resend(0)
    made.on_message("stream", stream("c"))
    whole = Output(kind="stream", name="stdout", text="abc")
    assert made.flush() == [OutputSet(index=0, output=whole)]


def test_an_explanation_is_told_with_its_output() -> None:
    made = collector()
    made.on_message("error", {"ename": "E", "evalue": "", "traceback": []})
    made.on_message("stream", stream("x"))
    made.flush()
    made.explain(0, Note(code="memory"))
    made.explain(1, Note(code="no_install"))
    told = [e.output.note for e in made.finish() if isinstance(e, OutputSet)]
    assert told == [Note(code="memory"), Note(code="no_install")]


@pytest.mark.parametrize(
    "content",
    [
        {}, {"text": 7, "data": [], "transient": 3, "traceback": {}, "wait": 1},
        {"data": {1: 2}, "traceback": [None], "ename": 1}, {"data": {"application/json": 1}},
    ],
)  # fmt: skip
def test_messages_that_are_not_what_they_should_be_do_no_harm(content: dict[str, Any]) -> None:
    kinds = ("stream", "error", "display_data", "update_display_data", "clear_output", "x")
    made = collector()
    for kind in kinds:
        made.on_message(kind, content)
    assert len(made.finish()) <= 3


@pytest.mark.parametrize("write", [lambda n: f"\r{n}", lambda n: f"{n}\n", lambda _: "x" * 999])
def test_what_is_held_for_a_stream_does_not_grow(write: Callable[[int], str]) -> None:
    made = collector(1024 * KILOBYTE)
    for number in range(20_000):
        made.on_message("stream", stream(write(number)))
    (output,) = made.outputs()
    assert len(output.text) <= HEAD_CHARACTERS + TAIL_CHARACTERS + LIVE_CHARACTERS + 10
