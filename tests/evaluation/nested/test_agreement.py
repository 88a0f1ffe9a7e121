"""How far the outer folds agree about what is best."""

from sknet_hp.evaluation.nested.agreement import measure_agreement


def test_in_words():
    params = [{"a": 1, "b": "x", "c": 0.5}, {"a": 1, "b": "x", "c": 0.25}, {"a": 1, "b": "y", "c": 1e-5}, {}]
    assert list(map(str, measure_agreement(params))) == [
        "a: 1 in all 3 folds",
        "b: x in 2 of 3 folds, otherwise y",
        "c: from 1e-05 to 0.5",
    ]


def test_parameters_that_only_some_have():
    [first, second] = measure_agreement([{"kind": "a", "depth": 2}, {"kind": "b"}])
    assert str(second) == "depth: 2 in the only fold"
    assert first.n_agreeing == 1
    assert str(first) == "kind: a in 1 of 2 folds, otherwise b"
