from sknet_hp.cli.output.text import make_console
from sknet_hp.cli.tuning.tuned import print_stages
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
