import re
from pathlib import Path

import pytest

import templates
from lti_tool.deep_linking.wording import LOCALES, Words, catalogue

HOLE = re.compile(r"\{(\w+)\}")
KEY = re.compile(r'\bt\("([a-z.0-9]+)"[,)]')


def test_every_language_says_the_same() -> None:
    english = catalogue("en")
    for locale in LOCALES:
        other = catalogue(locale)
        assert list(other) == list(english), locale
        for key, text in english.items():
            assert HOLE.findall(text) == HOLE.findall(other[key]), key


def test_the_pages_say_nothing_that_no_catalogue_has() -> None:
    folder = Path(templates.__file__).parent
    names = ["deep_link.html", "deep_link_response.html", "_choice.html", "_upload.html"]
    said = {key for name in names for key in KEY.findall((folder / name).read_text())}
    assert len(said) > 10
    assert said <= set(catalogue("en"))


@pytest.mark.parametrize(
    ("locale", "add", "number"),
    [
        ("ru", "Добавить в курс", "7,5"),
        ("ru_RU", "Добавить в курс", "7,5"),
        ("RU-ru", "Добавить в курс", "7,5"),
        ("en-GB", "Add to the course", "7.5"),
        ("fr", "Add to the course", "7.5"),
        ("", "Add to the course", "7.5"),
        (None, "Add to the course", "7.5"),
        ("../ru", "Add to the course", "7.5"),
    ],
)
def test_the_platforms_language_is_spoken_where_it_is_known(
    locale: str | None, add: str, number: str
) -> None:
    words = Words(locale)
    assert (words("add"), words.number(7.5), words.number(10.0)) == (add, number, "10")


def test_what_a_course_is_called_opens_no_hole() -> None:
    assert Words("en")("intro.course", course="{size} & {}").endswith("“{size} & {}”.")
