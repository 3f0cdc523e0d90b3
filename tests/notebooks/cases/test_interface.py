from notebooks.cases.interface import interface_names, mentioned_names
from tests.grading.factories import cell, subtask

ONE = subtask("one")
SHOWN = cell("a", "table = [1, 2]\nbest = max(table)\ntable", "one")


def text(source: str) -> tuple[str, ...]:
    return interface_names(ONE, (cell("t", source, "one", kind="markdown"), SHOWN))


def test_what_a_cell_shows_is_asked_for_where_the_text_names_nothing() -> None:
    assert text("Look at the largest number.") == ("table",)


def test_what_a_cell_shows_is_for_the_eye_where_the_text_says_what_to_store() -> None:
    asked = cell("t", "Store the largest in `best`.", "one", kind="markdown")
    assert interface_names(ONE, (asked, SHOWN)) == ("best",)


def test_what_other_cells_read_is_asked_for_whatever_the_text_says() -> None:
    later = cell("b", "print(table)", "two")
    asked = cell("t", "Store the largest in `best`.", "one", kind="markdown")
    assert "table" in interface_names(ONE, (asked, SHOWN, later))


def test_a_text_that_writes_names_as_code_means_no_plain_words() -> None:
    told = "Scale the numeric columns and call ``clean(numeric_frame)``; store `scaled`."
    assert mentioned_names(told, ["numeric", "scaled", "clean"]) == {"scaled", "clean"}


def test_a_text_without_code_means_its_plain_words() -> None:
    assert mentioned_names("Store the mean in average.", ["average", "total"]) == {"average"}
