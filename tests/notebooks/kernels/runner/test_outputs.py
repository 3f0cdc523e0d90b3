from typing import Any

from notebooks.kernels.records import (
    Limits,
    Output,
    OutputAppended,
    OutputsCleared,
    OutputSet,
)
from notebooks.kernels.runner.outputs import MAX_OUTPUTS, OutputCollector


def collector(output_bytes: int = 1000) -> OutputCollector:
    return OutputCollector(Limits(output_bytes=output_bytes))


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"name": name, "text": text}


def display(text: str, display_id: str | None = None) -> dict[str, Any]:
    return {"data": {"text/plain": text}, "transient": {"display_id": display_id}}


def test_text_of_one_stream_is_gathered_until_the_flush() -> None:
    made = collector()
    assert made.on_message("stream", stream("a")) == []
    assert made.on_message("stream", stream("b")) == []
    assert made.flush() == [
        OutputSet(index=0, output=Output(kind="stream", name="stdout", text="ab"))
    ]
    made.on_message("stream", stream("c"))
    assert made.flush() == [OutputAppended(index=0, text="c")]
    assert made.flush() == []


def test_the_other_stream_begins_a_new_output() -> None:
    made = collector()
    made.on_message("stream", stream("a"))
    events = made.on_message("stream", stream("b", "stderr"))
    assert events == [OutputSet(index=0, output=Output(kind="stream", name="stdout", text="a"))]
    assert made.flush() == [
        OutputSet(index=1, output=Output(kind="stream", name="stderr", text="b"))
    ]


def test_only_kinds_that_can_be_shown_pass() -> None:
    data = {"text/plain": "x", "application/javascript": "alert()", "text/html": 7}
    events = collector().on_message("display_data", {"data": data})
    assert events == [OutputSet(index=0, output=Output(kind="display", data={"text/plain": "x"}))]


def test_an_updated_display_replaces_its_output() -> None:
    made = collector()
    made.on_message("display_data", display("old", "one"))
    events = made.on_message("update_display_data", display("new", "one"))
    assert events == [OutputSet(index=0, output=Output(kind="display", data={"text/plain": "new"}))]


def test_clearing_with_wait_happens_at_the_next_output() -> None:
    made = collector()
    made.on_message("display_data", display("old"))
    assert made.on_message("clear_output", {"wait": True}) == []
    assert made.on_message("display_data", display("new")) == [
        OutputsCleared(),
        OutputSet(index=0, output=Output(kind="display", data={"text/plain": "new"})),
    ]


def test_text_beyond_the_limit_is_counted_and_dropped() -> None:
    made = collector(output_bytes=10)
    made.on_message("stream", stream("x" * 25))
    made.on_message("stream", stream("y" * 5))
    assert made.finish() == [
        OutputSet(index=0, output=Output(kind="stream", name="stdout", text="x" * 10)),
        OutputSet(
            index=0,
            output=Output(kind="stream", name="stdout", text="x" * 10, omitted_bytes=20),
        ),
    ]


def test_an_error_is_shown_even_when_the_limit_is_reached() -> None:
    made = collector(output_bytes=10)
    made.on_message("stream", stream("x" * 25))
    content = {"ename": "ValueError", "evalue": "no", "traceback": ["a", "b"]}
    events = made.on_message("error", content)
    error = Output(kind="error", ename="ValueError", evalue="no", text="a\nb")
    assert events[-1] == OutputSet(index=1, output=error)


def test_outputs_beyond_the_number_allowed_are_dropped() -> None:
    made = collector(output_bytes=100_000)
    events = [made.on_message("display_data", display(str(n))) for n in range(MAX_OUTPUTS + 5)]
    assert sum(map(len, events)) == MAX_OUTPUTS
    (last,) = made.finish()
    assert isinstance(last, OutputSet)
    assert last.output.omitted_bytes == 10


def test_a_display_that_updates_for_ever_stops_at_its_budget() -> None:
    made = collector(output_bytes=100)
    made.on_message("display_data", display("0" * 50, "one"))
    sent = [made.on_message("update_display_data", display("1" * 50, "one")) for _ in range(500)]
    assert 0 < sum(map(len, sent)) < 100


def test_messages_that_are_not_what_they_should_be_are_ignored() -> None:
    made = collector()
    for kind in ("stream", "error", "display_data", "update_display_data", "clear_output", "x"):
        for content in ({}, {"text": 7, "data": [], "transient": 3, "traceback": {}, "wait": 1}):
            made.on_message(kind, content)
    assert len(made.finish()) == 0
