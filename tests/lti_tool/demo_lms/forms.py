"""Reads the forms of a page, as a browser would before it sends one."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get")))
        if tag == "input" and values.get("type") == "hidden":
            self.forms[-1].fields[values["name"]] = values["value"]


def only_form(page: str) -> Form:
    """Return the page's form; fails if there is not exactly one."""
    reader = _Reader()
    reader.feed(page)
    (form,) = reader.forms
    return form
