import pytest

from sknet_hp.formatting.words import capitalise, join_words, list_some, wrap_line


def test_a_capital_leaves_the_rest_as_it_is():
    assert [capitalise(text) for text in ("area under the ROC curve", "")] == ["Area under the ROC curve", ""]


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_enumerations(words, text):
    assert join_words(words) == text


def test_lists_are_cut():
    words = [f"x{k}" for k in range(1500)]
    assert list_some(words, 2) == "x0, x1 and 1,498 more"
    assert list_some(words[:2], 2) == "x0, x1"
    assert list_some(words[:3], 2, separator="; ") == "x0; x1; and 1 more"


def test_lines_are_wrapped_under_their_indent():
    assert wrap_line("  lr: from one to two", 12) == "  lr: from\n    one to\n    two"
    assert wrap_line("a well-known line", 10) == "a\n  well-known\n  line"
    assert wrap_line("") == ""
