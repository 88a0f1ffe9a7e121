from sknet_hp.cli.output.text import make_console
from sknet_hp.cli.work.tuned import print_stages
from sknet_hp.tuning.guided.reports import StageReport, Stages


def test_stages_take_a_line_each(capsys):
    same = "There was no time. There was no time. Nothing is changed."
    stages = Stages([StageReport("prototype", found="It learns.", score=-1234.5), StageReport("rate", decided=same)])
    print_stages(make_console(), stages, "neg_mean_absolute_error")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "  prototype    1,234 It learns.",
        "  rate               There was no time. Nothing is changed.",
    ]
