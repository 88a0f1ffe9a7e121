import pytest

from sknet_hp.formatting.words import capitalise, join_words, list_some


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
