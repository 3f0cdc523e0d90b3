"""What to try beside the arguments that a function was seen with."""

import ast

from grading.derivation.variations import borders, compared_texts, small_changes


def function(source: str) -> ast.FunctionDef:
    """Return the only function of a source."""
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_texts_that_a_function_looks_up_are_tried() -> None:
    looks_up = function('def brand(n):\n    return {"vw": "volkswagen"}.get(n, n)')
    assert compared_texts(looks_up) == ("vw",)
    assert {"n": "vw"} in list(borders(looks_up, [{"n": "ford"}]))


def test_texts_that_it_only_answers_with_are_not() -> None:
    answers = function('def word(n):\n    return "strong" if n == "13" else "light"')
    assert compared_texts(answers) == ("13",)


def test_words_that_are_as_frequent_as_each_other_are_tried_against_the_alphabet() -> None:
    assert {"text": "c b a"} in list(small_changes([{"text": "a b b c c c"}]))


def test_a_text_of_one_word_has_no_such_variation() -> None:
    tried = [one["text"] for one in small_changes([{"text": "aa"}])]
    assert all(" " not in str(one) for one in tried)
