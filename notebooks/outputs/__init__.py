"""What a cell may show: outputs sanitised and bounded once, on the server; Markdown rendered.

Everything that a kernel says is untrusted. Stands on the runner's records and knows no database.
"""

from notebooks.outputs.html import MAX_HTML, render_markdown
from notebooks.outputs.images import MAX_IMAGE
from notebooks.outputs.sanitise import MAX_OUTPUTS, MAX_TEXT, left_out, sanitise, with_text

__all__ = [
    "MAX_HTML",
    "MAX_IMAGE",
    "MAX_OUTPUTS",
    "MAX_TEXT",
    "left_out",
    "render_markdown",
    "sanitise",
    "with_text",
]
