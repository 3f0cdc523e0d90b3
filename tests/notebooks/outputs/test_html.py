import html
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebooks.outputs.html import MAX_HTML, clean_html, has_content, render_markdown

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
    "href", "title", "rel", "target", "colspan", "rowspan", "scope", "start", "class",
}  # fmt: skip
FORBIDDEN = {
    "script", "style", "iframe", "form", "input", "button", "object", "embed", "svg", "math",
    "img", "link", "meta", "base", "template", "noscript", "video", "audio",
}  # fmt: skip


REL = '<a target="_blank" rel="noopener noreferrer nofollow">{}</a>'


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


@given(MESS)
def test_nothing_that_acts_survives_in_html(markup: str) -> None:
    audit(clean_html(markup) or "")


@given(MESS)
def test_nothing_that_acts_survives_in_markdown(text: str) -> None:
    audit(render_markdown(text))


@given(MESS)
@example("<a href='javascript:alert(1)'><table><a href='javascript:alert(1)'>")
def test_cleaning_twice_changes_nothing_more(markup: str) -> None:
    once = clean_html(markup) or ""
    assert clean_html(once) == once


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        pytest.param('<div style="position:fixed;inset:0;z-index:9">x</div>', "<div>x</div>",
                     id="an overlay"),
        pytest.param('<p class="verdict approved" id="points" name="x">10</p>', "<p>10</p>",
                     id="a forged verdict"),
        pytest.param('<form action="/x"><input name="q"><button>Go</button></form>', "Go",
                     id="a form"),
        pytest.param('<a href="javascript:alert(1)">x</a>', REL.format("x"), id="a script link"),
        pytest.param('<a href="/api/attempts">x</a>', REL.format("x"), id="a link to the page"),
        pytest.param('<a href="//evil.example/">x</a>', REL.format("x"), id="a link to a host"),
        pytest.param('<a href="data:text/html,x">x</a>', REL.format("x"), id="a data link"),
        pytest.param('<img src="https://evil.example/t.gif" onerror=x()>', "", id="a tracker"),
        pytest.param('<table background="https://e.example/x"><tr><td>1</td></tr></table>',
                     "<table><tbody><tr><td>1</td></tr></tbody></table>", id="a background"),
        pytest.param('<link rel="stylesheet" href="https://e.example/x.css">x', "x", id="a sheet"),
        pytest.param('<meta http-equiv="refresh" content="0;url=https://e.example">x', "x",
                     id="a redirect"),
        pytest.param('<base href="https://e.example/">x', "x", id="a base"),
        pytest.param("<style>*{display:none}</style>x", "x", id="a style sheet"),
        pytest.param("<svg><style>*{display:none}</style></svg>x", "x", id="one in a drawing"),
        pytest.param('<iframe srcdoc="<script>x</script>"></iframe>x', "x", id="a frame"),
        pytest.param("<object data=x></object><embed src=x>x", "x", id="a plug-in"),
        pytest.param("<video src=https://e.example/v autoplay></video>x", "x", id="a film"),
        pytest.param('<button popovertarget="p">x</button><div popover id="p">y</div>',
                     "x<div>y</div>", id="a popover"),
        pytest.param("<dialog open>x</dialog>", "x", id="a dialog"),
        pytest.param('<details open ontoggle="x()"><summary>s</summary>t</details>',
                     "<details><summary>s</summary>t</details>", id="an event handler"),
        pytest.param('<p hidden aria-hidden="true" role="alert" tabindex="1">x</p>', "<p>x</p>",
                     id="a role"),
        pytest.param('<p contenteditable dir="rtl" lang="ar" title="t">x</p>', "<p>x</p>",
                     id="a way of writing"),
        pytest.param('<p data-x="1" is="x-y" slot="s" itemprop="i">x</p>', "<p>x</p>",
                     id="hooks for scripts"),
        pytest.param("</div></section></main><p>x</p>", "<p>x</p>", id="ends of what is around"),
        pytest.param("<math><mtext><table><mglyph><style><img src=x onerror=x()>", "",
                     id="mutation by namespaces"),
        pytest.param('<noscript><p title="</noscript><img src=x onerror=x()>">',
                     '&lt;p title=""&gt;', id="mutation by noscript"),
        pytest.param("<!--><img src=x onerror=x()>-->", "--&gt;", id="a comment that ends early"),
        pytest.param("a\0<scr\0ipt>b", "a\ufffdb", id="zero bytes"),
    ],
)  # fmt: skip
def test_html_cannot_leave_its_box(hostile: str, left: str) -> None:
    clean = clean_html(hostile)
    assert clean is not None
    audit(clean)
    assert clean == left


def test_a_link_opens_elsewhere_and_tells_nothing() -> None:
    clean = clean_html('<a href="https://pandas.pydata.org" rel="opener" target="_top">docs</a>')
    assert clean == (
        '<a href="https://pandas.pydata.org" target="_blank" '
        'rel="noopener noreferrer nofollow">docs</a>'
    )


def formatting(count: int) -> str:
    return "".join(f"<p><b id={number}>" for number in range(count))


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("<div>" * 60_000, id="deep"),
        pytest.param("<div><table><tr><td></div>" * 10_000, id="ends that end nothing"),
        pytest.param(formatting(20_000), id="formatting that is opened anew in each block"),
        pytest.param('<b title="></b>">' * 15_000, id="ends within attributes"),
        pytest.param('<b "=></b>' * 15_000, id="quotes that are none"),
        pytest.param("<div><!-- </div> -->" * 15_000, id="ends within comments"),
        pytest.param("<div><xmp></div></xmp>" * 15_000, id="ends within raw text"),
        pytest.param("<a href=x>" * 30_000, id="links that never end"),
        pytest.param("<p>" * 100_000, id="too many tags"),
        pytest.param("x" * (MAX_HTML + 1), id="too long"),
    ],
)
def test_what_would_cost_too_much_to_parse_is_not_parsed(bomb: str) -> None:
    began = time.process_time()
    assert clean_html(bomb) is None
    assert time.process_time() - began < 5


def test_a_large_table_is_not_taken_for_a_bomb() -> None:
    row = "<tr><th>1</th>" + "<td>1.5</td>" * 20 + "</tr>"
    table = f'<table border="1" class="dataframe"><tbody>{row * 800}</tbody></table>'
    clean = clean_html(table)
    assert clean is not None
    assert clean.count("<td>") == 16_000


@pytest.mark.parametrize(
    ("markup", "content"),
    [
        ("<div> <p>&nbsp;</p></div>", False), ("<table><tr><td>1</td></tr></table>", True),
        ("<hr>", True), ("", False),
    ],
)  # fmt: skip
def test_html_with_nothing_to_see_is_told_from_the_rest(markup: str, *, content: bool) -> None:
    clean = clean_html(markup)
    assert clean is not None
    assert has_content(clean) is content


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
