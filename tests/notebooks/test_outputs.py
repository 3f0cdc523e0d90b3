import base64
import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.kernels.records import Output
from notebooks.outputs import MAX_HTML, MAX_IMAGE, MAX_TEXT, render_markdown, sanitise

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 30).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + b"0" * 30).decode()
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><rect/></svg>"
PANDAS = """<div><style scoped>.dataframe td {color: red}</style>
<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>a</th></tr>
</thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table><p>1 rows x 1 columns</p></div>"""

PIECES = st.sampled_from([
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<a href='javascript:alert(1)'>",
    "<a href='java\tscript:alert(1)'>", "<svg onload=alert(1)>", "<style>", "</style>", "<!--",
    "-->", "<iframe srcdoc='<script>'>", "<form action=/x>", "<input name=q id=w>", "<table>",
    "<td onclick='x()' style='position:fixed'>", "</table>", "<math><mtext>", "<template>",
    "<noscript>", '<p title="</noscript><img src=x onerror=alert(1)>">', '"', "'", ">", "<",
    "&lt;script&gt;", "\0", "<div class='verdict approved' id=points name=x>", "data:text/html,x",
    "[x](javascript:alert(1))", "[y](<data:text/html,z>)", "![z](x)", "`", "```\n", "\n\n",
])  # fmt: skip
MESS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join)

ALLOWED = {
    "href", "title", "rel", "target", "colspan", "rowspan", "headers", "scope", "start", "class",
}  # fmt: skip
FORBIDDEN = {
    "script", "style", "iframe", "form", "input", "button", "object", "embed", "svg", "math",
    "img", "link", "meta", "base", "template", "noscript", "video", "audio",
}  # fmt: skip


class Auditor(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in FORBIDDEN
        for name, value in attrs:
            assert name in ALLOWED
            if name == "class":
                assert (tag, value) == ("table", "dataframe") or not value
            if name == "href":
                scheme = html.unescape(value or "").split(":", 1)[0].lower()
                assert scheme in {"http", "https", "mailto"} or ":" not in (value or "")

    handle_startendtag = handle_starttag


def audit(markup: str) -> None:
    auditor = Auditor()
    auditor.feed(markup)
    auditor.close()


def display(**kinds: str) -> Output:
    names = {
        "text": "text/plain",
        "html": "text/html",
        "png": "image/png",
        "jpeg": "image/jpeg",
        "svg": "image/svg+xml",
        "js": "application/javascript",
    }
    return Output(kind="display", data={names[kind]: value for kind, value in kinds.items()})


@given(MESS)
def test_nothing_that_acts_survives_in_html(markup: str) -> None:
    audit(sanitise(display(html=markup)).data.get("text/html", ""))


@given(MESS)
def test_nothing_that_acts_survives_in_markdown(text: str) -> None:
    audit(render_markdown(text))


@given(MESS)
def test_sanitising_twice_changes_nothing_more(markup: str) -> None:
    once = sanitise(display(html=markup, text=markup))
    assert sanitise(once) == once


def test_a_pandas_table_keeps_its_structure_and_loses_its_style() -> None:
    clean = sanitise(display(html=PANDAS, text="a")).data["text/html"]
    assert '<table class="dataframe">' in clean
    assert "<th>a</th>" in clean
    assert "1 rows x 1 columns" in clean
    assert "style" not in clean
    assert "color" not in clean


def test_images_must_be_what_they_say() -> None:
    kept = sanitise(display(png=PNG, jpeg=JPEG, svg=SVG, text="a plot"))
    assert set(kept.data) == {"image/png", "image/jpeg", "image/svg+xml", "text/plain"}
    assert kept.data["image/png"] == PNG
    forged = sanitise(display(png=JPEG, jpeg="<script>", svg="alert(1)", text="a plot"))
    assert forged.data == {"text/plain": "a plot"}


def test_line_breaks_in_base64_do_no_harm() -> None:
    broken = PNG[:20] + "\n" + PNG[20:] + "\n"
    assert sanitise(display(png=broken)).data == {"image/png": PNG}


def test_unknown_kinds_leave_their_text_or_a_notice() -> None:
    assert sanitise(display(js="alert(1)", text="<Figure>")).data == {"text/plain": "<Figure>"}
    assert "application/javascript" in sanitise(display(js="alert(1)")).data["text/plain"]


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


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("# Wine", "<h1>Wine</h1>"),
        ("|a|\n|-|\n|1|", "<td>1</td>"),
        ("`x < 1`", "<code>x &lt; 1</code>"),
        ("<b>raw</b>", "&lt;b&gt;raw&lt;/b&gt;"),
        ("[docs](https://scikit-learn.org)", 'href="https://scikit-learn.org"'),
    ],
)
def test_markdown_is_rendered(text: str, markup: str) -> None:
    assert markup in render_markdown(text)
