"""What the shell offers, asked as bash asks it."""

import gzip

import pytest

from sknet_hp.cli import completing
from tests.helpers.scripts import run_code

HEADER = 'age,"name, first",survived\n1,a,0\n'


@pytest.fixture
def type_words(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(HEADER)
    (tmp_path / "folder").mkdir()
    with gzip.open(tmp_path / "data.csv.gz", "wt") as file:
        file.write(HEADER)
    return lambda words: monkeypatch.setenv("COMP_WORDS", words)


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz"])
def test_columns_of_the_table(type_words, name):
    type_words(f"sknet-hp tune {name} --target ")
    assert completing.complete_column("") == ["age", "name, first", "survived"]
    assert completing.complete_column("s") == ["survived"]


def test_columns_of_a_table_in_another_notation(type_words, tmp_path):
    (tmp_path / "old.txt").write_bytes("größe;survived\n1,5;0\n".encode("cp1252"))
    type_words("sknet-hp tune old.txt --target s")
    assert completing.complete_column("s") == ["survived"]


def test_no_columns_where_there_is_no_table(type_words):
    for words in ("sknet-hp tune", "sknet-hp tune nowhere.csv", "sknet-hp tune nowhere.csv.gz"):
        type_words(words)
        assert completing.complete_column("") == []


def test_files_and_names(type_words):
    assert completing.complete_table("sklearn:i") == ["sklearn:iris"]
    assert completing.complete_table("da") == ["data.csv", "data.csv.gz"]
    assert completing.complete_network("fo") == ["folder/"]
    assert completing.complete_network("nowhere/") == []
    assert completing.complete_scorer("neg_l") == ["neg_log_loss"]


def test_scorers_are_known():
    from sklearn.metrics import get_scorer_names

    assert set(completing.SCORERS) <= set(get_scorer_names())


def test_the_shell_is_answered(type_words):
    code = (
        "import os; os.environ |= {'COMP_WORDS': 'sknet-hp tune data.csv --target s', 'COMP_CWORD': '4', "
        "'_SKNET_HP_COMPLETE': 'complete_bash'}; from sknet_hp.cli import main; main([])"
    )
    assert run_code(code).stdout.split() == ["survived"]
