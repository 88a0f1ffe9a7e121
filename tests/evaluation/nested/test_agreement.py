"""How far the outer folds agree about what is best."""

from sknet_hp.evaluation.nested.agreement import complete_params, measure_agreement


def test_in_words():
    params = [{"a": 1, "b": "x", "c": 0.5}, {"a": 1, "b": "x", "c": 0.25}, {"a": 1, "b": "y", "c": 1e-5}, {}]
    assert list(map(str, measure_agreement(params))) == [
        "a: 1 in 3 of 4 folds; the other kept what the estimator had",
        "b: x in 2 of 4 folds, otherwise y; 1 other kept what the estimator had",
        "c: from 1e-05 to 0.5 in 3 of 4 folds; the other kept what the estimator had",
    ]
    assert list(map(str, measure_agreement(params[:3]))) == [
        "a: 1 in all 3 folds",
        "b: x in 2 of 3 folds, otherwise y",
        "c: from 1e-05 to 0.5",
    ]


def test_a_fold_that_has_not_chosen_keeps_the_estimators_own_value():
    own = {"module": "mlp", "embedding": "ple"}
    params = [{"module": "tabm", "embedding": "ple"}, {}, {"embedding": "ple"}]
    module, embedding = measure_agreement(params, own)
    assert str(module) == "module: tabm in 1 of 3 folds; the others kept mlp"
    assert str(embedding) == "embedding: ple in all 3 folds"
    assert complete_params(params, own)[1] == own


def test_parameters_that_only_some_have():
    [first, second] = measure_agreement([{"kind": "a", "depth": 2}, {"kind": "b"}])
    assert str(second) == "depth: 2 in 1 of 2 folds; the other kept what the estimator had"
    assert first.n_agreeing == 1
    assert str(first) == "kind: a in 1 of 2 folds, otherwise b"
