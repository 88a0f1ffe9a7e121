import pytest

from sknet_hp.cli.output.wording import name_options, reword_finding
from sknet_hp.findings import Finding


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("more repeats, such as `n_repeats=5`, help", "more repeats, such as `--repeats 5`, help"),
        (  # `tune` has no such option
            "More repeats, such as `n_repeats=5`, give a narrower interval.",
            "More repeats (`--repeats 5` of the command evaluate) give a narrower interval.",
        ),
        ("set n_repeats= or use more rows", "set --repeats or use more rows"),
        ("time_budget=0.5 is short", "--time-budget 0.5 is short"),
        ("keep equal rows together with groups=. A network", "keep equal rows together with --groups. A network"),
        ("keep equal rows together with groups=.", "keep equal rows together with --groups."),
        ("sort by time and use TimeSeriesSplit. If", "name the column of the time with --time. If"),
        ("test on later ones: TimeSeriesSplit.", "test on later ones: --time."),
        ("a smaller search; with journal= the same call goes on where it stopped.", "a smaller search."),
        (
            "They may lie beyond. Search again with lr: (0.0003, 0.058, 'log-uniform'), dropout: (0.0, 0.7), n_layers: "
            "[1, 2, 3, 4].",
            "They may lie beyond. Search again with a file for --space that says lr = {low = 0.0003, high = 0.058, log "
            "= true}, and dropout = {low = 0.0, high = 0.7}, and n_layers = [1, 2, 3, 4].",
        ),
        ("Train longer: max_resources=100.", "Train longer than this command does: in Python, with max_resources=100."),
        ("The same call with the same journal continues it.", "The same command with --resume continues it."),
        ("find_lr suggests one", "sknet-hp lr suggests one"),
        ("give more time, fewer rows (max_rows) or epochs (n_epochs)", "give more time"),
        ("lr=0.003 and subgroups=2 stay", "lr=0.003 and subgroups=2 stay"),
    ],
)
def test_options_stand_for_parameters(said, instead):
    assert name_options(said) == instead


def test_remedies_stay_as_they_are():
    finding = Finding("code", "info", "n_repeats=2 are few.", {"n": 2}, "Set n_repeats=5.", {"n_repeats": 5})
    reworded = reword_finding(finding)
    assert (reworded.message, reworded.advice) == ("--repeats 2 are few.", "Set --repeats 5.")
    assert reworded.remedy == {"n_repeats": 5}
