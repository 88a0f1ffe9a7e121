import numpy as np

from sknet_hp.search.views.metric import Metric
from sknet_hp.tuning.guided.reports import StageReport, Stages, write_report


def make_report():
    return StageReport(
        "batch size",
        tried=["batch_size=64", "batch_size=<16>"],
        found="One was better. ",
        decided="Go on with it.",
        score=0.5,
        seconds=2.0,
        diagnosis=["overfitting"],
    )


def test_sentences():
    assert write_report(make_report(), 3) == (
        "3. Batch size\n"
        "   Tried: batch_size=64; batch_size=<16>.\n"
        "   Found: One was better. The learning curves show: overfitting.\n"
        "   Decided: Go on with it."
    )


def test_of_many_some_are_named():
    report = StageReport("a", tried=[str(k) for k in range(9)])
    assert write_report(report, 1) == "1. A\n   Tried: 0; 1; 2; 3; 4; 5; and 3 more."


def test_html_has_errors_as_positive_numbers():
    shown = Stages([StageReport("a", score=-0.25)], Metric("neg_log_loss"))._repr_html_()
    assert "<th>log loss</th>" in shown
    assert "<td>0.2500</td>" in shown


def test_table_and_html():
    stages = Stages([make_report(), StageReport("other")])
    assert stages.table["stage"].tolist() == ["batch size", "other"]
    assert stages.table["tried"].tolist() == ["batch_size=64; batch_size=<16>", ""]
    assert np.isnan(stages.table["score"][1])
    assert Stages().table.columns.tolist() == stages.table.columns.tolist()
    assert "batch_size=&lt;16&gt;" in stages._repr_html_()
    assert str(stages) == stages.summary()
    assert repr(stages) == "Stages(batch size, other)"
