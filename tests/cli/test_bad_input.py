"""Input that can't be used ends with one sentence that says what was received and what
to do, and leaves nothing behind.
"""

import gzip
import os

import numpy as np
import pandas as pd
import pytest

from sknet_hp import NetClassifier, save

TUNE = (
    *("tune", "data.csv", "--target", "label", "--search", "random", "--candidates", 1),
    *("--cv", 2, "--outer-cv", 2, "--out", "results"),
)


@pytest.fixture
def write(run, table):
    """Write the table, changed by the given columns, as data.csv of the command's
    directory.
    """

    def write_table(**columns: object) -> None:
        table.assign(**columns).to_csv("data.csv", index=False)

    return write_table


def test_no_such_file(refused):
    refused(*TUNE, says=("'data.csv'", "no file"))


def test_directory_as_data(refused, tmp_path):
    refused("tune", tmp_path, "--target", "label", says=("is a directory",))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_what_may_never_end_is_not_read(refused, tmp_path, ending):
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"zero{ending}").symlink_to("/dev/zero")
    save(
        NetClassifier(max_epochs=1).fit(pd.DataFrame({"size": [0.0, 1.0] * 9}), ["a", "b"] * 9),
        tmp_path / "model.safetensors",
    )
    for name in (f"pipe{ending}", f"zero{ending}"):
        refused("tune", name, "--target", "label", says=(f"'{name}' is a device, a pipe", "into a file"))
        refused("predict", "model.safetensors", name, says=(f"'{name}' is a device, a pipe", "into a file"))


def test_impossible_paths(refused, write):
    write()
    refused("tune", "x" * 5000 + ".csv", "--target", "label", says=("too long",))
    refused(*TUNE[:-1], "x" * 5000, says=("too long",))
    refused("predict", "x" * 5000, "data.csv", says=("too long",))


def test_unknown_ending(refused, tmp_path):
    for name, says in (("data.sav", ".csv, .tsv, .txt"), ("data.XLSX", "is a spreadsheet: save it as CSV")):
        (tmp_path / name).write_text("a,b\n1,2\n")
        refused("tune", name, "--target", "b", says=(f"'{name}'", says))


def test_what_is_no_file(refused):
    refused("tune", "https://example.org/data.csv", "--target", "b", says=("is an address", "download it first"))
    refused("tune", "-", "--target", "b", says=("not read from standard input",))


def test_unreadable_file(refused, write, monkeypatch):
    def forbid(*_):
        raise PermissionError

    write()
    monkeypatch.setattr(
        "sknet_hp.cli.tables.loading.load_csv", forbid
    )  # a file's mode does not keep root from reading it
    refused(*TUNE, says=("permission",))


@pytest.mark.parametrize(
    ("name", "says"),
    [("iriss", "did you mean 'iris'"), ("california_housing", "nothing is downloaded"), ("", "use one of")],
)
def test_unknown_bundled_table(refused, name, says, monkeypatch, tmp_path):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "no-cache"))
    err = refused("tune", f"sklearn:{name}") if name != "california_housing" else None
    if err is None:  # scikit-learn creates its empty cache directory
        (tmp_path / "no-cache").mkdir()
        err = refused("tune", f"sklearn:{name}")
    assert says in err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"size,label\n", "no rows"),
        (bytes(range(1, 256)) * 8, "not text"),
        (b"size,label\n1,\0\0\n", "zero bytes"),
        (b"size,label\n1,a\n2,b,c\n", "line 3"),
        (b"size,label\n1,a\n2\n", "line 3"),
        (b'size,label\n1,"a\n2,b\n', "CSV"),
        (b"size,size,label\n1,1,a\n2,3,b\n", "'size'"),
        (b"size,label,label\n1,a,a\n2,b,b\n", "'label'"),
        (b"size;label\n1,5;a\n2,5;b;c\n", "line 3 of 'data.csv' has 3 fields and the header has 2"),
        (b"size;label\n1,5;a\n2,5;b;c\n", "text with semicolons in it stands in double quotes"),
        (b"exported in May\nsize,label\n1,a\n", "first line must name the columns"),
    ],
    ids=[
        "empty",
        "blank",
        "header only",
        "random bytes",
        "zero bytes",
        "long line",
        "short line",
        "open quote",
        "same name",
        "same target",
        "semicolons",
        "advice on semicolons",
        "line above the header",
    ],
)
def test_garbled_csv(refused, tmp_path, content, says):
    (tmp_path / "data.csv").write_bytes(content)
    refused(*TUNE, says=(says,))


def test_truncated_gzip(refused, table, tmp_path):
    whole = gzip.compress(table.to_csv(index=False).encode())
    for content in (whole[: len(whole) // 2], b"no gzip at all", b""):
        (tmp_path / "data.csv.gz").write_bytes(content)
        refused("tune", "data.csv.gz", "--target", "label", says=("data.csv.gz",))


def test_parquet_that_is_none(refused, tmp_path):
    for content in (b"", b"PAR1 and more that is no Parquet PAR1", os.urandom(1000)):
        (tmp_path / "data.parquet").write_bytes(content)
        refused("tune", "data.parquet", "--target", "label", says=("Parquet",))


def test_parquet_with_equal_names(refused, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(
        pa.Table.from_arrays([pa.array([1, 2]), pa.array([1, 2])], names=["a", "a"]), tmp_path / "data.parquet"
    )
    refused("tune", "data.parquet", "--target", "a", says=("'a'", "a different name"))


def test_target_is_needed(refused, write):
    write()
    refused("tune", "data.csv", says=("--target", "'label'"))


def test_no_such_column(refused, write):
    write()
    for name in ("lable", "LABEL", " label "):
        refused("tune", "data.csv", "--target", name, says=(f"'{name}'", "did you mean 'label'", "'size'"))


def test_target_is_the_only_column(refused, tmp_path):
    (tmp_path / "data.csv").write_text("label\na\nb\n")
    refused(*TUNE, says=("'label'", "at least one more"))


def test_nothing_varies_but_the_target(refused, table):
    table[["label"]].assign(same=1, none=None).to_csv("data.csv", index=False)
    refused(*TUNE, says=("'same', 'none'", "a column that varies"))


def test_missing_target(refused, write):
    write(label=None)
    refused(*TUNE, says=("'label'", "missing in all 60 rows"))
    write(label="?")
    refused(*TUNE, says=("'label'", "missing in all 60 rows"))


def test_one_class(refused, write):
    write(label="yes")
    refused(*TUNE, says=("one class", "'yes'"))


def test_constant_target(refused, write):
    write(label=0.5)
    refused(*TUNE, says=("constant", "0.5"))
    write(label=3)
    refused(*TUNE, "--task", "regression", says=("constant", "3"))


def test_infinite_values(refused, write, table):
    write(size=table["size"].where(table.index > 1, np.inf))
    refused(*TUNE, says=("'size'", "infinite in 2 of 60 rows"))
    write(label=table["amount"].where(table.index > 0, -np.inf))
    refused(*TUNE, says=("'label'", "infinite"))
    write(label=table["amount"] * 1e300)
    refused(*TUNE, says=("'label'", "too large"))


def test_class_rarer_than_folds(refused, write, table):
    write(label=table["label"].where(table.index > 0, "perhaps"))
    refused(*TUNE, says=("'perhaps'", "1 row", "--outer-cv 2"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([f"${1000 + k:,}" for k in range(60)], "write numbers plainly (1234.5) and not '$1,0"),
        ([f"{k}.5" for k in range(59)] + ["unknown"], "not 'unknown'"),
        ([f"2020-01-{k % 31}" for k in range(60)], "another column if this one holds identifiers or dates"),
        (list(range(60)), "--task regression"),
    ],
    ids=["currency", "word", "dates", "numbers"],
)
def test_advice_about_rare_classes_can_be_followed(refused, write, values, says):
    write(label=values)
    err = refused(*TUNE, "--task", "classification", says=("too rare", says))
    if isinstance(values[0], str):
        assert "--task regression" not in err
        refused(
            *TUNE,
            "--task",
            "regression",
            says=("say --task classification" if "dates" in says else "write numbers plainly",),
        )


def test_fewer_rows_than_folds(refused, write):
    write()
    refused(*TUNE[:6], "--outer-cv", 100, says=("60 rows", "--outer-cv 100"))
    refused("tune", "data.csv", "--target", "amount", "--cv", 100, says=("60 rows", "--cv 100"))


def test_task_that_does_not_suit(refused, write):
    write()
    refused(*TUNE, "--task", "regression", says=("regression", "'label'"))
    refused("tune", "data.csv", "--target", "amount", "--task", "classification", says=("classification", "'amount'"))


def test_unusable_column(refused, table, tmp_path):
    table.assign(many=[[1, 2]] * len(table)).to_parquet(tmp_path / "data.parquet")
    refused("tune", "data.parquet", "--target", "label", says=("'many'", "numbers or text"))


@pytest.mark.parametrize(
    ("scoring", "says"),
    [
        ("acuracy", "did you mean 'accuracy'"),
        ("MAE", "did you mean 'neg_mean_absolute_error'"),
        ("auc", "did you mean 'roc_auc'"),
        ("r2", "classification of 2 classes"),
        ("neg_mean_squared_error", "does not suit"),
        ("r2", "such as accuracy, balanced_accuracy, f1_macro, neg_log_loss or roc_auc."),
        ("", "no scoring ''"),
    ],
)
def test_scoring(refused, write, scoring, says):
    write()
    refused(*TUNE, "--scoring", scoring, says=(says,))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--task", "ranking"),
        ("--search", "annealing"),
        ("--candidates", "0"),
        ("--candidates", "many"),
        ("--cv", "1"),
        ("--outer-cv", "-3"),
        ("--time-budget", "0"),
        ("--time-budget", "nan"),
        ("--seed", "-1"),
        ("--device", "gpu"),
        ("--device", "cuda:99"),
        ("--no-such-option", "1"),
    ],
)
def test_option_values(refused, write, option, value):
    write()
    refused(*TUNE, option, value, says=(option,))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("--candidates", "many"), "--candidates many can't be used: give a whole number; see"),
        (("--time-budget=2m",), "--time-budget 2m can't be used: give a number of seconds; see"),
        (("--cv", "1"), "--cv 1 can't be used: give a number of at least 2; see"),
    ],
)
def test_numbers_are_named_with_what_is_allowed(refused, write, given, says):
    write()
    refused(*TUNE, *given, says=(says,))


def test_no_such_command(refused):
    refused("tunes", says=("No such command 'tunes' (did you mean 'tune'?); see sknet-hp --help.",))
    refused("tune", "data.csv", "--search", "xyz", says=("--search 'xyz' is not known: give one of",))


def test_scorers_of_two_classes_have_one_for_more(refused, write):
    write(label=["a", "b", "c"] * 20)
    refused(*TUNE, "--scoring", "roc_auc", says=("roc_auc_ovr",))


def test_no_command_shows_help(run):
    result = run()
    assert result.code == 2
    assert "tune" in result.out + result.err
    assert "sknet-hp:" not in result.err


def test_missing_arguments(refused):
    refused("tune", says=("the table is missing",))
    refused("predict", "model.safetensors", says=("the table is missing",))


def test_not_enough_memory(refused, write, monkeypatch):
    write()
    monkeypatch.setattr("sknet_hp.cli.memory.read_available_memory", lambda: 1000)
    refused(*TUNE, says=("memory", "fewer rows"))


def test_model_of_another_version(refused, write, table, tmp_path):
    write()
    model = NetClassifier(max_epochs=1).fit(table[["amount"]], table["label"])
    del model.layer_numbers_
    save(model, tmp_path / "model.safetensors")
    refused("predict", "model.safetensors", "data.csv", says=("another version",))


def test_memory_that_runs_out(refused, write, monkeypatch):
    def run_out(*_):
        raise MemoryError

    write()
    monkeypatch.setattr("sknet_hp.cli.work.tune.check_folds", run_out)
    refused(*TUNE, says=("not enough memory", "nothing was written"))


def test_out_that_is_taken(refused, write, tmp_path):
    write()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "model.safetensors").write_text("an earlier one")
    refused(*TUNE, says=("not empty", "--overwrite"))
    refused(*TUNE, "--time", "sise", says=("there is no column 'sise'",))
    (tmp_path / "results" / "thesis.txt").write_text("never to be removed")
    refused(*TUNE, "--overwrite", says=("thesis.txt",))
    refused(*TUNE[:-1], "data.csv", says=("is a file",))
    refused(*TUNE[:-1], "data.csv/results", says=("can't be created",))


def test_model_that_is_none(refused, write, tmp_path):
    write()
    refused("predict", "model.safetensors", "data.csv", says=("no model",))
    refused("predict", ".", "data.csv", says=("no model",))
    (tmp_path / "model.safetensors").write_bytes(os.urandom(500))
    refused("predict", "model.safetensors", "data.csv", says=("is not a file that sknet_hp.save wrote",))
    save(NetClassifier(), tmp_path / "model.safetensors")
    refused("predict", "model.safetensors", "data.csv", says=("NetClassifier, not an estimator fitted",))


def test_rows_that_the_model_can_not_take(refused, write, table, tmp_path):
    model = NetClassifier(max_epochs=1).fit(table[["amount", "old"]], table["label"])
    save(model, tmp_path / "model.safetensors")
    table.drop(columns="old").to_csv("data.csv", index=False)
    refused("predict", "model.safetensors", "data.csv", says=("lacks 1 of the 2 columns", "'old'"))
    table.rename(columns={"old": "Old"}).to_csv("data.csv", index=False)
    refused("predict", "model.safetensors", "data.csv", says=("add 'old' (did you mean 'Old'?).",))
    table.rename(columns=str.upper).to_csv("data.csv", index=False)
    refused("predict", "model.safetensors", "data.csv", says=("add 'amount' (did you mean 'AMOUNT'?), 'old'.",))
    write(amount="a lot")
    refused("predict", "model.safetensors", "data.csv", says=("can't predict", "a lot"))
    write()
    refused("predict", "model.safetensors", "data.csv", "--out", ".", says=("is a directory",))
    refused("predict", "model.safetensors", "data.csv", "--out", "data.csv", says=("--overwrite",))
    for source in ("data.csv", "model.safetensors"):
        refused("predict", ".", "data.csv", "--out", source, "--overwrite", says=("would be lost",))
