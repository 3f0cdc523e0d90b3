import ast

import pytest

from grading.mutation.mutants import mutants, sample
from tests.grading.factories import cell


def became(source: str, *before: str) -> set[str]:
    cells = [cell(f"b{n}", text, "s") for n, text in enumerate(before)]
    made = mutants([*cells, cell("a", source, "s")])
    return {mutant.source for mutant in made if mutant.cell == "a"}


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("x = a < 3", "x = a <= 3"),
        ("x = a + b", "x = a - b"),
        ("x = a and b", "x = a or b"),
        ("x = n[1:]", "x = n[2:]"),
        ("x = df.sort_values('a', ascending=False)", "x = df.sort_values('a', ascending=True)"),
        ("x = df.sort_values('a', ascending=False)", "x = df.sort_values('a')"),
        ("x = df.sum(axis=0)", "x = df.sum(axis=1)"),
        ("x = df['b'] + df['c']", "x = df['c'] + df['c']"),
        ("x = df['b'].mean()", "x = df['b'].median()"),
        ("x = df.dropna().shape", "x = df.shape"),
        ("x = scaler.fit_transform(a)", "x = scaler.transform(a)"),
        ("x = scaler.transform(a)", "x = scaler.fit_transform(a)"),
        ("model.fit(a, b)", "pass"),
        ("df['c'] = 1", "pass"),
        ("def f(x):\n    return x", "def f(x):\n    return None"),
        ("x = df[df.a > 1]", "x = df"),
        ("x = make_pipeline(Scaler(), Model())", "x = make_pipeline(Model())"),
        ("x = 'größe' + a", "x = 'größe' - a"),
    ],
)
def test_a_beginners_mistake_is_planted(source: str, mistake: str) -> None:
    assert mistake in became(source)


def test_the_parts_of_a_split_are_mixed_up() -> None:
    made = became("scaler.fit(X_train)", "X = 1\nX_train, X_test = X, X")
    assert {"scaler.fit(X_test)", "scaler.fit(X)"} <= made


def test_imports_docstrings_and_texts_are_left_alone() -> None:
    assert became('import numpy as np\n"""A docstring about 3 things."""') == set()


def test_a_cell_that_does_not_compile_or_is_not_replayed_has_no_mutants() -> None:
    assert mutants([cell("a", "x = (", "s"), cell("b", "x = 1", "s", replay=False)]) == ()


def test_a_mutant_says_its_line_and_what_it_changed() -> None:
    [first, *_] = mutants([cell("a", "# comment\nx = 1  # one", "s")])
    assert (first.line, first.was, first.becomes) == (2, "x = 1 # one", "x = 2 # one")


@pytest.mark.parametrize(
    "source", ["x = [a + 1, 'é', -2.5]", "if not a:\n    b(c=1, d=True)\nelse:\n    e[0]"]
)
def test_every_mutant_compiles_and_is_unlike_the_ideal_and_all_others(source: str) -> None:
    shapes = [ast.dump(ast.parse(made)) for made in became(source)]
    assert ast.dump(ast.parse(source)) not in shapes
    assert len(set(shapes)) == len(shapes) > 0


def test_a_sample_is_spread_evenly_and_always_the_same() -> None:
    made = mutants([cell(str(n), "x = a + b * 3", "s") for n in range(20)])
    some = sample(made, 10)
    assert len(some) == 10
    assert some == sample(made, 10)
    assert len({mutant.cell for mutant in some}) == 10
