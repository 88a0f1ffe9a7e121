import numpy as np

from sknet_hp.evaluation import compare
from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.report import ComparisonDisplay

RNG = np.random.default_rng(0)
A = 0.85 + 0.01 * RNG.normal(size=8)
B = A - 0.02 + 0.005 * RNG.normal(size=8)
C = A + 0.01 * RNG.normal(size=8)


def list_texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_two_have_a_posterior_with_three_probabilities():
    display = ComparisonDisplay.from_comparison(compare(A, B, n_train=800, n_test=200, names=["wide", "deep"]))
    pair = display.frame.iloc[0]
    assert f"wide better\n{format_percentage(pair['p_first_better'], 1)}" in list_texts(display)
    assert f"equivalent\n{format_percentage(pair['p_equivalent'], 1)}" in list_texts(display)
    dotted = {line.get_xdata()[0] for line in display.ax_.lines if line.get_linestyle() == ":"}
    assert dotted == {-pair["rope"], pair["rope"]}


def test_labels_do_not_meet_where_the_region_is_narrow():
    """It is a fifth as wide as the label between the others."""
    comparison = compare(A, B, n_train=800, n_test=200, names=["wide", "deep"], rope=0.0005)
    display = ComparisonDisplay.from_comparison(comparison)
    renderer = display.figure_.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in display.ax_.texts if text.get_text().endswith(" %")]
    left, middle, right = sorted(boxes, key=lambda box: box.x0)
    assert left.x1 < middle.x0
    assert middle.x1 < right.x0


def test_several_have_a_row_for_each_pair():
    comparison = compare(A, B, C, n_train=800, n_test=200, names=["a", "b", "c"])
    display = ComparisonDisplay.from_comparison(comparison)
    assert len(display.ax_.get_yticklabels()) == 3
    assert display.ax_.get_title(loc="left") == "Differences of all pairs"
    beside = ComparisonDisplay.from_comparison(comparison, reference="c")
    assert len(beside.ax_.get_yticklabels()) == 2
    assert beside.ax_.get_title(loc="left") == "Differences from c"


def test_equal_scores_have_no_density():
    display = ComparisonDisplay.from_comparison(compare(A, A, n_train=800, n_test=200, names=["a", "b"]))
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == ["a − b"]
    assert display.ax_.get_title(loc="left") == display.frame["verdict"].item()


def test_errors_are_reduced():
    a, b = ({"test_neg_mean_absolute_error": -scores} for scores in (A, B))
    display = ComparisonDisplay.from_comparison(compare(a, b, n_train=800, n_test=200))
    assert display.ax_.get_xlabel() == "Reduction in mean absolute error"


def test_large_units_have_their_thousands_separated():
    a, b = ({"test_neg_mean_absolute_error": -1e5 * scores} for scores in (A, B))
    display = ComparisonDisplay.from_comparison(compare(a, b, n_train=800, n_test=200))
    note = display.ax_.texts[-1].get_text().replace("\n", " ")
    assert f"mean \N{MINUS SIGN}{abs(display.frame['difference'].iloc[0]):,.0f}, " in note
    assert "," in display.ax_.xaxis.get_major_formatter()(2000.0)


def test_long_names_stay_within_the_figure():
    names = ["a network that was tuned by a guided search", "the constant predictions of a baseline"]
    display = ComparisonDisplay.from_comparison(compare(A, B - 0.1, n_train=800, n_test=200, names=names))
    display.figure_.draw_without_rendering()
    renderer = display.figure_.canvas.get_renderer()
    shown = display.figure_.bbox
    for text in [*display.ax_.texts, display.ax_._left_title]:
        box = text.get_window_extent(renderer)
        assert box.x0 >= shown.x0, text.get_text()
        assert box.x1 <= shown.x1, text.get_text()
    low, high = display.ax_.get_xlim()
    assert low < -display.frame["rope"].iloc[0]
    assert high > display.frame["high"].iloc[0]


def test_figures_grow_with_their_pairs():
    comparison = compare(*(A + 0.01 * k + 0.005 * RNG.normal(size=8) for k in range(6)), n_train=800, n_test=200)
    few = ComparisonDisplay.from_comparison(comparison, reference=comparison.contestants[0].name)
    all_of_them = ComparisonDisplay.from_comparison(comparison)
    assert all_of_them.figure_.get_figheight() > few.figure_.get_figheight() + 2
