import json

import pytest

from sknet_hp import NetClassifier
from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.tuning.space_file import read_space
from sknet_hp.search import RandomizedSearchCV

SPACE = """
# what I think of
width = [32, 64]
dropout = {low = 0.0, high = 0.5}
lr = {low = 1e-4, high = 1e-2, log = true}
hidden_layer_sizes = [[64, 32], [32]]
optimizer = "lion"

[batch_size]
low = 16
high = 128
log = true
"""


@pytest.fixture
def write(tmp_path):
    def write_space(text, name="space.toml"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write_space


def test_choices_ranges_and_single_values(write):
    space = read_space(write(SPACE), NetClassifier())
    assert space["width"] == [32, 64]
    assert space["optimizer"] == ["lion"]
    assert space["hidden_layer_sizes"] == [(64, 32), (32,)]
    assert (space["dropout"].low, space["dropout"].high, space["dropout"].log) == (0.0, 0.5, False)
    assert (space["lr"].log, space["batch_size"].integer) == (True, True)
    RandomizedSearchCV(NetClassifier(), space)


def test_json_is_the_same(write):
    text = json.dumps({"width": [32, 64], "lr": {"low": 1e-4, "high": 1e-2, "log": True}, "num_embedding": None})
    space = read_space(write(text, "space.json"), NetClassifier())
    assert space["width"] == [32, 64]
    assert space["num_embedding"] == [None]
    assert space["lr"].log


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("width = [1\nlr = 2", r"can't be read \(.*line 2"),
        ("", "has no parameter in it: write lines such as dropout"),
        ("width = [8]\nlearning_rate = [0.1]", "line 2: 'learning_rate' is not a parameter .*'lr'"),
        ("lr = []", "line 1: 'lr' has no values"),
        ("lr = {low = 1e-4}", "line 1: 'lr' has 'low' in it: a range has low and high"),
        ("lr = {low = 1, high = 2, scale = 'log'}", "'scale'"),
        ("lr = {low = 1e-2, high = 1e-4}", "goes from 0.01 to 0.0001: low and high must be numbers, low below high"),
        ("lr = {low = 0, high = 1, log = true}", "must be numbers above 0"),
        ("lr = {low = 1, high = 2, log = 'yes'}", "write true or false"),
        ("lr = [0.1]\ndropout = [0.1, 2.0]", "line 2: The 'dropout' parameter of NetClassifier must be"),
        ("dropout = {low = 0.0, high = 3.0}", "line 1: The 'dropout' parameter"),
        ("optimizer = 'adamm'", "line 1: The 'optimizer' parameter"),
    ],
)
def test_errors_name_line_and_parameter(write, text, says):
    with pytest.raises(BadInput, match=says):
        read_space(write(text), NetClassifier())


def test_files_that_are_none(write, tmp_path):
    for path, says in (
        (tmp_path / "space.toml", "there is no file"),
        (write("a: 1", "space.yaml"), "does not end in .toml or .json"),
        (write("[1, 2]", "space.json"), "is not a table of parameters"),
    ):
        with pytest.raises(BadInput, match=says):
            read_space(path, NetClassifier())
