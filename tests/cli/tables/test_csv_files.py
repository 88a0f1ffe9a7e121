"""How a text file is written is found out."""

import gzip

import pandas as pd
import pytest

from sknet_hp.cli.tables.csv_files import SEPARATORS, Dialect, find_dialect, load_csv
from sknet_hp.cli.tables.loading import read_table

TABLE = pd.DataFrame({"size, cm": [1.5, 2.5, 3.5], "name": ["a;b", "größer", 'say "hi",\nthen|go']})


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_come_back_equal(tmp_path, separator, encoding):
    path = tmp_path / "table.csv"
    TABLE.to_csv(path, index=False, sep=separator, encoding=encoding)
    frame, dialect = load_csv(path, [])
    pd.testing.assert_frame_equal(frame, TABLE)
    assert dialect.separator == separator


def test_zipped_tables(tmp_path):
    for name in ("table.tsv.gz", "table.txt.gz"):
        (tmp_path / name).write_bytes(gzip.compress(TABLE.to_csv(index=False, sep="\t").encode("cp1252")))
        frame, notes = read_table(str(tmp_path / name))
        pd.testing.assert_frame_equal(frame, TABLE)
        assert "is read as Windows-1252" in notes[0]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a;b\n1,5;2,5\n", ";"),
        ("a,b\n1;2,3\n4;5,6\n", ","),
        ("a;x, y;c\n1;2;3\n4;5;6\n", ";"),
        ("only\n1\n2\n", ","),
        ("a|b;c,d\n1,2\n", ","),
        ('a,b\n1,"x\n', ","),
    ],
)
def test_the_separator_suits_header_and_rows(tmp_path, text, separator):
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert find_dialect(path) == Dialect("utf-8-sig", separator)
