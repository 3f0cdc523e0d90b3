import base64
import struct
import zlib

import pytest

from notebooks.kernels.records import Note, Output
from notebooks.outputs import MAX_HTML, MAX_IMAGE, MAX_TEXT, left_out, sanitise, with_text
from notebooks.outputs.images import MAX_SIDE


def png(width: int, height: int) -> str:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
    raw = b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")
    return base64.b64encode(raw).decode()


def jpeg(*sizes: tuple[int, int]) -> str:
    raw = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    for width, height in sizes:
        raw += b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return base64.b64encode(raw + b"\xff\xd9").decode()


def gif(width: int, height: int) -> str:
    return base64.b64encode(b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;").decode()


PNG, JPEG, GIF = png(4, 3), jpeg((4, 3)), gif(4, 3)
WIDE_SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='30000' height='30000'/>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>"
PANDAS = """<div><style scoped>.dataframe td {color: red}</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>a</th></tr>
</thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table><p>1 rows x 1 columns</p></div>"""

NAMES = {
    "text": "text/plain",
    "html": "text/html",
    "markdown": "text/markdown",
    "latex": "text/latex",
    "json": "application/json",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
    "js": "application/javascript",
}


def display(**kinds: str) -> Output:
    return Output(kind="display", data={NAMES[kind]: value for kind, value in kinds.items()})


def test_a_pandas_table_keeps_its_structure_and_loses_its_style() -> None:
    clean = sanitise(display(html=PANDAS, text="a")).data["text/html"]
    assert '<table class="dataframe">' in clean
    assert "<th>a</th>" in clean
    assert "1 rows x 1 columns" in clean
    assert "style" not in clean
    assert "color" not in clean


def test_pictures_must_be_what_they_say() -> None:
    kept = sanitise(display(png=PNG, jpeg=JPEG, gif=GIF, svg=SVG, text="a plot"))
    assert kept == display(png=PNG, jpeg=JPEG, gif=GIF, svg=SVG, text="a plot")
    forged = sanitise(display(png=JPEG, jpeg="<script>", gif=PNG, svg="alert(1)", text="a plot"))
    assert forged.data == {"text/plain": "a plot"}


@pytest.mark.parametrize("broken", ["!!!", "iVBORw0KGgo=", base64.b64encode(b"GIF89a\1").decode()])
def test_broken_base64_and_cut_headers_are_no_pictures(broken: str) -> None:
    assert sanitise(display(png=broken, jpeg=broken, gif=broken, text="x")).data == {
        "text/plain": "x"
    }


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(display(png=png(30_000, 30_000), text="x"), id="png"),
        pytest.param(display(jpeg=jpeg((30_000, 30_000)), text="x"), id="jpeg"),
        pytest.param(display(jpeg=jpeg((30_000, 30_000), (1, 1)), text="x"), id="two headers"),
        pytest.param(display(jpeg=jpeg((1, 1), (30_000, 30_000)), text="x"), id="a thumbnail"),
        pytest.param(display(gif=gif(30_000, 30_000), text="x"), id="gif"),
        pytest.param(display(svg=WIDE_SVG, text="x"), id="svg"),
    ],
)  # fmt: skip
def test_a_picture_with_too_many_pixels_is_refused_with_a_word(picture: Output) -> None:
    size = {"width": "30000", "height": "30000"}
    assert sanitise(picture) == Output(
        kind="display",
        data={"text/plain": "x"},
        note=Note(code="large_picture", params=size),
    )


def test_a_long_picture_and_a_large_one_that_a_browser_can_bear_are_shown() -> None:
    for size in ((MAX_SIDE, 100), (4000, 3000)):
        assert sanitise(display(png=png(*size))).data == {"image/png": png(*size)}
    assert sanitise(display(png=png(0, 5), text="x")).data == {"text/plain": "x"}


def test_line_breaks_in_base64_do_no_harm() -> None:
    broken = PNG[:20] + "\n" + PNG[20:] + "\n"
    assert sanitise(display(png=broken)).data == {"image/png": PNG}


def test_unknown_kinds_leave_their_text_or_a_word() -> None:
    assert sanitise(display(js="alert(1)", text="<Figure>")).data == {"text/plain": "<Figure>"}
    word = Note(code="unknown_kind", params={"kinds": "application/javascript"})
    assert sanitise(display(js="alert(1)")) == Output(kind="display", note=word)


def test_markdown_brings_its_html_and_keeps_its_text() -> None:
    shown = sanitise(display(markdown="**Hi** <script>x</script>")).data
    assert shown["text/markdown"] == "**Hi** <script>x</script>"
    assert shown["text/html"] == "<p><strong>Hi</strong> &lt;script&gt;x&lt;/script&gt;</p>\n"


def test_formulas_and_json_are_text() -> None:
    given = display(latex="$x^2$", json='{"a": 1}', text="x")
    assert sanitise(given) == given


def test_html_that_only_a_script_would_fill_falls_back_to_text_with_a_word() -> None:
    plot = '<div id="p"></div><script>Plotly.newPlot("p")</script>'
    assert sanitise(display(html=plot, text="Figure()")) == Output(
        kind="display", data={"text/plain": "Figure()"}, note=Note(code="interactive")
    )


def test_a_styled_table_says_that_its_colours_are_missing() -> None:
    styled = (
        '<style type="text/css">#T_1_row0_col0 {color: red}</style>'
        '<table id="T_1"><tr><td id="T_1_row0_col0" class="data">1</td></tr></table>'
    )
    shown = sanitise(display(html=styled, text="Styler"))
    assert "<td>1</td>" in shown.data["text/html"]
    assert shown.note == Note(code="plain_table")


def test_the_notice_of_outputs_left_out_is_a_word_alone() -> None:
    assert left_out() == Output(kind="display", note=Note(code="more_outputs"))


@pytest.mark.parametrize(
    ("start", "text", "became"),
    [
        (None, "!", (6, "!", "one 1%!")), (4, "20%", (4, "20%", "one 20%")), (0, "", (0, "", "")),
        (99, "x", (6, "x", "one 1%x")),
    ],
)  # fmt: skip
def test_text_is_written_from_where_it_changes(
    start: int | None, text: str, became: tuple[int, str, str]
) -> None:
    before = Output(kind="stream", name="stdout", text="one 1%")
    after, at, kept = with_text(before, text, start)
    assert (at, kept, after.text) == became


def test_text_beyond_the_limit_is_cut_where_it_is_written() -> None:
    before = Output(kind="stream", name="stdout", text="x" * (MAX_TEXT - 1))
    after, _, kept = with_text(before, "äb")
    assert (kept, len(after.text), after.omitted_bytes) == ("ä", MAX_TEXT, 1)


def test_what_is_too_long_is_cut_and_counted() -> None:
    stream = Output(kind="stream", name="stdout", text="ä" * (MAX_TEXT + 5))
    assert len(sanitise(stream).text) == MAX_TEXT
    assert sanitise(stream).omitted_bytes == 10
    big = sanitise(display(html="x" * (MAX_HTML + 1), png=PNG + "A" * MAX_IMAGE, text="table"))
    assert big.data == {"text/plain": "table"}
    assert big.omitted_bytes == MAX_HTML + 1 + len(PNG) + MAX_IMAGE


def test_characters_that_the_database_cannot_hold_are_replaced() -> None:
    error = Output(kind="error", ename="E\0", evalue="\ud800", text="\x1b[31mE\0\x1b[0m")
    clean = sanitise(error)
    said = (clean.ename, clean.evalue, clean.text)
    assert said == (
        "E\ufffd",
        "\ufffd",
        "\x1b[31mE\ufffd\x1b[0m",
    )
