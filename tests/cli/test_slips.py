"""What was meant is said, with the command as it should be."""

import json

import pytest

from sknet_hp.cli.slips import recall_target


@pytest.fixture(autouse=True)
def files(run, table, tmp_path):
    """A table, and what looks like two runs: of `tune`, and of `evaluate`."""
    table.to_csv("t.csv", index=False)
    for name, files in {"t-tuned": ["model.safetensors", "summary.json"], "scored": ["summary.json"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            told = {"settings": {"data": "t.csv", "target": "label"}} if file == "summary.json" else ""
            (tmp_path / name / file).write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("given", "says", "instead"),
    [
        ("compare default boosting t.csv --cv 3", "table comes first", "compare t.csv default boosting --cv 3"),
        ("compare default linear", "table comes first", "compare TABLE.csv default linear"),
        ("compare t-tuned default", "table comes first", "compare t.csv t-tuned default"),
        ("tune t-tuned --cv 2", "is a model, and tune", "tune t.csv --target label --model t-tuned --cv 2"),
        ("lr tabm --target label", "a model is an option", "lr TABLE.csv --model tabm --target label"),
        ("evaluate scored", "is a run, and evaluate takes a table", "evaluate t.csv --target label"),
        ("evaluate t-tuned t.csv --target label", "a model", "evaluate t.csv --model t-tuned --target label"),
        ("lr t.csv tabm --target label", "a model is an option", "lr t.csv --model tabm --target label"),
        ("tune t.csv Label", "the target is an option", "tune t.csv --target label"),
        ("tune t.csv target label --cv 2", "the target is an option", "tune t.csv --cv 2 --target label"),
        ("tune label t.csv --cv 2", "the target is an option", "tune t.csv --cv 2 --target label"),
        ("tune t.csv --taget label", "there is no option --taget", "tune t.csv --target label"),
        ("tune t.csv --metric=f1 --target label", "no option --metric", "tune t.csv --scoring=f1 --target label"),
        ("compare t.csv --target label --time 60", "a column", "compare t.csv --target label --time-budget 60"),
        ("tune t.csv", "one of 'size', 'colour', 'old', 'label', 'amount'", "tune t.csv --target COLUMN"),
        ("tune t.csv -target label", "has one dash", "tune t.csv --target label"),
        ("tune", "the table is missing", "tune TABLE.csv --target COLUMN"),
        ("predict t.csv t-tuned --proba", "the model comes first", "predict t-tuned t.csv --proba"),
        ("predict --proba t.csv", "the model is missing", "predict --proba t-tuned t.csv"),
        ("predict other.csv", "the model is missing", "predict MODEL other.csv"),
        ("predict --proba t-tuned", "the table is missing", "predict --proba t-tuned NEW.csv"),
        ("predict nowhere", "the table is missing", "predict nowhere NEW.csv"),
        ("tune --target label", "the table is missing", "tune TABLE.csv --target label"),
        ("predict t.csv t.csv", "'t.csv' is a table, and a model comes first", "predict t-tuned t.csv"),
        ("predict", "the model is missing", "predict MODEL NEW.csv"),
        ("card", "the model is missing", "card MODEL"),
        ("export t.csv", "a model comes first", "export t-tuned"),
        ("card t.csv t-tuned", "the model comes first", "card t-tuned t.csv"),
        ("diagnose t.csv t-tuned", "the model comes first", "diagnose t-tuned t.csv"),
        ("diagnose", "the table is missing", "diagnose TABLE.csv --target COLUMN"),
        ("report t.csv", "takes a directory", "report t-tuned"),
        ("watch other.csv", "takes a directory", "watch RUN"),
        ("report t-tuned/model.safetensors", "takes its directory", "report t-tuned"),
        ("report", "the directory of a run is missing", "report RUN"),
        ("t.csv --cv 2", "a command comes first", "tune t.csv --cv 2 --target COLUMN"),
        ("t-tuned", "a command comes first", "report t-tuned"),
        ("help tune", "help is an option", "tune --help"),
    ],
)
def test_the_command_as_it_should_be(refused, given, says, instead):
    refused(*given.split(), says=(says,), instead=instead)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("tune tt.csv --target label", "no file 'tt.csv' (did you mean 't.csv'?)"),
        ("predict t-tune t.csv", "no model 't-tune' (did you mean 't-tuned'?)"),
        ("report t-tune", "no run 't-tune' (did you mean 't-tuned'?)"),
        ("predict scored t.csv", "the run in 'scored' keeps no model"),
        ("tune t.csv --target label --search tpee", "--search 'tpee' is not known (did you mean 'tpe'?): give one of"),
        ("compare t.csv t.csv default --target label", "'t.csv' is a table, and a model is expected"),
        ("tune t.csv t-tuned more --target label --model tabm", "'t-tuned more' is too much"),
        ("predict t-tuned t.csv more", "unexpected extra argument"),
        ("tune t.csv -x", "No such option: -x"),
        ("predict t-tuned t.csv --metric f1", "No such option: --metric"),
        ("tune t.csv --target label --time-budget 1h", "--time-budget 1h can't be used: give a number of seconds"),
        ("nothing", "No such command 'nothing'"),
    ],
)
def test_what_is_near_is_suggested(refused, given, says):
    refused(*given.split(), says=(says,), instead="")


def test_the_target_of_a_model_is_known(tmp_path):
    assert recall_target(tmp_path / "t-tuned") is None
    (tmp_path / "t-tuned/summary.json").write_text(json.dumps({"target": "label"}))
    assert recall_target(tmp_path / "t-tuned") == "label"
    assert recall_target(tmp_path / "t-tuned/model.safetensors") == "label"
