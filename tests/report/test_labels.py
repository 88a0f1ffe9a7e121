import pytest
from matplotlib import pyplot

from sknet_hp.report.labels import count_letters, escape_formulas, shorten, shorten_all, wrap_text


def test_long_texts_lose_their_middle():
    assert shorten("median income of block 17", 14) == "median…ock 17"
    assert shorten("short", 5) == "short"


def test_texts_that_differ_in_their_middle_stay_apart():
    texts = ["the first of many words", "the other of many words"]
    assert shorten_all(texts, 8) == ["the firs…y words", "the othe…y words"]
    assert shorten_all(["abcdefgh", "abcdefgi"], 5) == ["ab…gh", "ab…gi"]


def test_dollars_are_no_formulas():
    _, ax = pyplot.subplots()
    ax.set_title(escape_formulas("$5 to $10"))
    ax.figure.draw_without_rendering()
    parsed, is_formula = ax.title._preprocess_math(ax.title.get_text())
    assert (parsed, is_formula) == ("$5 to $10", False)


def test_a_remark_has_a_line_of_its_own_where_one_line_is_too_short():
    assert wrap_text("Root mean squared error (lower is better)", 30) == "Root mean squared error\n(lower is better)"
    assert wrap_text("Accuracy (higher is better)", 30) == "Accuracy (higher is better)"
    assert wrap_text("a word and another", 10) == "a word and\nanother"


@pytest.mark.parametrize("n_columns", [1, 2])
def test_as_many_letters_as_axes_are_wide(n_columns):
    """Figures have a size in inches, parts of them have none."""
    _, axes = pyplot.subplots(1, n_columns, figsize=(8, 4), squeeze=False)
    counted = count_letters(axes[0, 0], "note")
    assert 0.6 * 8 / n_columns < counted / 15 < 8 / n_columns
    part = pyplot.figure(figsize=(16, 4)).subfigures(1, 2)[0]
    assert count_letters(part.subplots(1, n_columns, squeeze=False)[0, 0], "note") == pytest.approx(counted, abs=2)
