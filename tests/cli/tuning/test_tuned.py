from types import SimpleNamespace

import numpy as np

from sknet_hp.cli.models.beside import Beside
from sknet_hp.cli.output.text import make_console
from sknet_hp.cli.tables.scoring import Scoring
from sknet_hp.cli.tuning.nested_search import NestedSearch
from sknet_hp.cli.tuning.tuned import print_score, print_stages, print_tuned
from sknet_hp.tuning.guided.reports import StageReport, Stages


def test_stages_take_a_line_each(capsys):
    same = "There was no time. There was no time. Nothing is changed. "
    first = StageReport("prototype", tried=["one network"], found="It learns. ", score=-1234.5)
    late = StageReport("batch size", found="There was no time to train a candidate to the end. ", score=-1234.5)
    size = StageReport("optimizer, regularisation and size")
    stages = Stages([first, late, size, StageReport("rate", decided=same)])
    print_stages(make_console(), stages, "neg_mean_absolute_error")
    lines = capsys.readouterr().out.splitlines()[-4:]
    assert "  prototype    1,234 It learns." in lines
    assert "  rate               There was no time. Nothing is changed." in lines
    late = "Nothing new was tried for lack of time: batch size; optimizer, regularisation and size."
    assert " ".join(" ".join(lines).split()).endswith(late)


def test_a_score_of_shorter_searches_is_said_to_be_cautious(capsys):
    guided = SimpleNamespace(method="guided", outer_folds=5)
    cautious = NestedSearch._describe_shares(guided, 50.0)
    nested = SimpleNamespace(interval=lambda: (0.7, 0.9), statuses=["done"] * 5, mean=0.8)
    search = SimpleNamespace(best_score_=0.85)
    result = SimpleNamespace(nested=nested, search=search, cautious=cautious)
    print_score(make_console(), result, Scoring("accuracy"))
    told = " ".join(capsys.readouterr().out.split())
    assert "each outer fold had 5.0 s, the final one on all rows 25 s, so the score is rather cautious." in told
    assert not NestedSearch._describe_shares(SimpleNamespace(method="tpe", outer_folds=5), 50.0)


def test_stages_with_nothing_to_try_did_not_lack_time(capsys):
    tried = StageReport("prototype", tried=["one network"], found="It learns. ")
    done = StageReport("kind of network", found="There was nothing new to try. ")
    print_stages(make_console(), Stages([tried, done]), "accuracy")
    told = capsys.readouterr().out
    assert "There was nothing new to try: kind of network." in told
    assert "lack of time" not in told


def test_the_score_of_one_fold_has_no_interval(capsys):
    nan = float("nan")
    nested = SimpleNamespace(interval=lambda: (nan, nan), statuses=["done", "failed"], mean=0.8)
    search = SimpleNamespace(best_score_=0.85)
    result = SimpleNamespace(nested=nested, search=search, cautious="")
    print_score(make_console(), result, Scoring("accuracy"))
    told = " ".join(capsys.readouterr().out.split())
    assert "Score: accuracy 0.8000 (no interval)" in told
    assert "the mean of 1 outer fold." in told


def test_a_model_of_other_settings_is_told(capsys):
    nested = SimpleNamespace(interval=lambda: (0.7, 0.9), statuses=["done"] * 2, mean=0.8)
    search = SimpleNamespace(
        best_score_=0.85,
        best_params_={"lr": 0.01},
        best_index_=0,
        cv_results_={"candidate": np.array([4]), "params": [{}]},
        ensemble_=[{"candidate": 5, "seeds": 8}],
    )
    result = SimpleNamespace(
        nested=nested, search=search, cautious="", warnings={}, findings=[], networks=9, fold_scores=[0.8, 0.8]
    )
    print_tuned(make_console(), result, Beside(None, {}), Scoring("accuracy"), 5.0)
    told = " ".join(capsys.readouterr().out.split())
    assert "Best settings: lr=0.01. The final model averages 8 networks of another candidate" in told
    assert "summary.json lists them" in told


def test_equal_scores_have_no_interval(capsys):
    nested = SimpleNamespace(interval=lambda: (0.8, 0.8), statuses=["done"] * 2, mean=0.8)
    result = SimpleNamespace(
        nested=nested, search=SimpleNamespace(best_score_=0.85), cautious="", fold_scores=[0.8, 0.8]
    )
    print_score(make_console(), result, Scoring("accuracy"))
    assert "Score: accuracy 0.8000 (the same in all folds)" in capsys.readouterr().out
