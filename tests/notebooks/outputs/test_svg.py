import time

import pytest

from notebooks.outputs.images import TooLarge
from notebooks.outputs.svg import clean_svg
from tests.notebooks.outputs.test_sanitise import PNG

MATPLOTLIB = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="460.8pt" height="345.6pt"
 viewBox="0 0 460.8 345.6" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><x/></rdf:RDF></metadata>
 <defs><style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style></defs>
 <g id="figure_1"><defs><path id="m1" d="M 0 0 L 0 3.5"/></defs>
  <g clip-path="url(#p1)"><use xlink:href="#m1" x="1" y="2" style="fill: #1f77b4"/></g>
 </g><defs><clipPath id="p1"><rect x="5" y="5" width="9" height="9"/></clipPath></defs></svg>"""


def drawing(inside: str, attributes: str = "") -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f"{attributes}>{inside}</svg>"
    )


def multiplied(element: str) -> str:
    """Ten generations, each with ten references to the one before."""
    parts = ['<g id="g0"><rect width="1" height="1"/></g>']
    parts += [f'<g id="g{n}">{element.format(n - 1) * 10}</g>' for n in range(1, 11)]
    return drawing("".join(parts))


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param(MATPLOTLIB, id="matplotlib's"),
        pytest.param(drawing('<text x="1">a &lt; b</text>', 'width="100%"'), id="text"),
        pytest.param(
            drawing(f'<image xlink:href="data:image/png;base64,{PNG}"/>'), id="a heat map"
        ),
        pytest.param(drawing('<linearGradient id="a"/><rect fill="url(#a)"/>'), id="a gradient"),
    ],
)
def test_a_drawing_is_kept_as_it_is(harmless: str) -> None:
    assert clean_svg(harmless) == harmless


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("<p>no</p>", id="no drawing"),
        pytest.param("<svg><g></svg>", id="not well-formed"),
        pytest.param(drawing("<script>alert(1)</script>"), id="a script"),
        pytest.param(drawing('<rect onload="x()"/>'), id="an event handler"),
        pytest.param(drawing("<foreignObject><div/></foreignObject>"), id="a page within"),
        pytest.param(drawing("<animate/>"), id="an animation"),
        pytest.param(drawing('<filter id="f"/>'), id="a filter"),
        pytest.param(drawing('<rect style="filter: blur(900px)"/>'), id="a filter as a style"),
        pytest.param(drawing("<style>@import url(https://e.example)</style>"), id="an import"),
        pytest.param(drawing("<style>a{}<!-- x -->b{animation: x}</style>"), id="a moving style"),
        pytest.param(drawing('<image href="https://e.example/x.png"/>'), id="a picture elsewhere"),
        pytest.param(drawing('<image href="data:image/svg+xml;base64,AA"/>'), id="one within one"),
        pytest.param(drawing('<use href="https://e.example/x.svg#a"/>'), id="a part elsewhere"),
        pytest.param('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', id="an entity"),
        pytest.param('<?xml-stylesheet href="https://e.example"?><svg/>', id="a style sheet"),
        pytest.param(multiplied('<use href="#g{}"/>'), id="parts that multiply"),
        pytest.param(multiplied('<rect fill="url(#g{})"/>'), id="patterns that multiply"),
        pytest.param(drawing('<g id="a"><use href="#a"/></g>'), id="a circle"),
        pytest.param(drawing("<g>" * 500 + "</g>" * 500), id="deep"),
        pytest.param(drawing("<g/>" * 60_000), id="too many elements"),
        pytest.param(drawing("", 'width="calc(1px)"'), id="a size that cannot be read"),
    ],
)
def test_a_drawing_that_could_do_harm_is_refused(hostile: str) -> None:
    began = time.process_time()
    assert clean_svg(hostile) is None
    assert time.process_time() - began < 5


def test_a_drawing_that_is_too_large_tells_its_size() -> None:
    assert clean_svg(drawing("", 'width="30000pt" height="5"')) == TooLarge(40_000, 5)
