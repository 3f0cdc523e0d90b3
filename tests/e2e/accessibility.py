"""Which rules of accessibility a page breaks, by axe."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Frame

AXE = (
    Path(__file__).parents[2] / "lti_tool" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BROKEN = """
    rules => axe.run(document, {runOnly: rules, iframes: false}).then(({violations}) =>
        violations.map(({id, nodes}) => [id, ...nodes.map(node => node.html.slice(0, 200))]))
"""


def broken(frame: Frame) -> Any:
    """Return the rules that a frame breaks, with the elements that break them."""
    # At the top, what is sticky covers nothing.
    frame.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    frame.evaluate(AXE.read_text(encoding="utf-8"))
    return frame.evaluate(BROKEN, RULES)
