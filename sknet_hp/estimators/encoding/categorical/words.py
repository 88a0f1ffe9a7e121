"""Columns of text whose words say more than the whole.

Such are names with titles, codes with prefixes, and addresses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import repeat

import numpy as np

from sknet_hp.estimators.encoding.categorical.categories import CategoryColumn, CategoryCounts
from sknet_hp.estimators.encoding.numeric.standardise import LIMIT
from sknet_hp.estimators.encoding.tables.table import Table

_PART = re.compile(r"[^\W\d_]+|\d+")  # letters, or digits: "C22 C26" is c, 22 and 26
_MIN_ROWS = 5
"""Rows that a word must occur in: it would teach no more than noise from fewer.

With 3 or 10 rows, scores agree to a hundredth.
"""

_MAX_READ = 100_000  # distinct texts from which words are learned; what is frequent in so many is in all
_MAX_COUNTED = 2**16  # texts whose number of rows is remembered, so that an encoder stays small


def split_words(text: str) -> list[str]:
    """Split a text into its words and numbers, in lower case."""
    return _PART.findall(text.lower())


class Words(CategoryColumn):
    """One column of text, encoded by its words.

    It becomes two numbers, how many training rows share the whole text and its length;
    a 0/1 column for each frequent word or whole text; and one for missing cells.

    Rows of positive weight count once where rows are counted; which words are the most
    frequent goes by weight.

    Attributes
    ----------
    number_names_, names_ : list of str
        What the two numbers and the 0/1 columns stand for.
    """

    def __init__(self, column: int, counts: CategoryCounts, max_words: int):
        super().__init__(column, counts)
        texts = [text for text in counts.rows if text is not None]
        words = _choose_frequent(texts, counts, max_words)
        self._positions = {word: position for position, word in enumerate(words)}
        shared = sorted((text for text in texts if counts.rows[text] > 1), key=lambda text: (-counts.rows[text], text))
        self._rows = {text: counts.rows[text] for text in shared[:_MAX_COUNTED]}
        numbers = self._compute_numbers(texts)  # (distinct, 2)
        share = np.array([counts.weights[text] for text in texts])[:, None]
        share /= share.sum()
        self.number_names_ = ["count", "length"]
        self.names_ = [f"word_{word}" for word in words] + ["missing"] * (None in counts.rows)
        self._mean = (share * numbers).sum(axis=0)
        spread = np.sqrt((share * (numbers - self._mean) ** 2).sum(axis=0))
        known = spread > 1e-9 * (1 + np.abs(self._mean))  # else rounding is all there is
        self._factor = np.where(known, 1 / np.where(known, spread, 1.0), 0.0)

    @property
    def position_of(self) -> dict[str, int]:
        """The 0/1 column of each frequent word or whole text, in lower case."""
        return self._positions

    @property
    def rows_of(self) -> dict[str, int]:
        """How many training rows share a whole text, where it is more than one."""
        return self._rows

    @property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """What is subtracted from the two numbers, and what then multiplies them."""
        return self._mean, self._factor

    def _compute_numbers(self, texts: list[str]) -> np.ndarray:
        """Compute the two numbers of each text, (len(texts), 2).

        They are the logarithm of how many training rows share it, one at least, and its
        length.
        """
        count = np.fromiter(map(self._rows.get, texts, repeat(1)), np.float64, len(texts))
        return np.stack([np.log(count), np.fromiter(map(len, texts), np.float64, len(texts))], axis=1)

    def _find_columns(self, text: str) -> list[int]:
        """Return the columns of the words in a text, in order."""
        position_of = self._positions
        return sorted({position_of[word] for word in (*split_words(text), text.lower()) if word in position_of})

    def write(self, table: Table, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Write the two numbers into ``numbers``, of shape (n_rows, 2).

        Returns
        -------
        rows, columns : which 0/1 columns are 1, int32 of shape (entries,), row by row.
        """
        known: dict[str, list[int]] = {}  # texts that come again are looked into once
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for rows, cells in self._read_keys(table):
            per_row = [self._look_up_columns(cell, known) for cell in cells]
            counts = np.fromiter(map(len, per_row), np.int32, len(cells))
            columns = np.fromiter((column for own in per_row for column in own), np.int32, int(counts.sum()))
            found.append((np.repeat(np.arange(rows.start, rows.stop, dtype=np.int32), counts), columns))
            present = np.fromiter((cell is not None for cell in cells), bool, len(cells))
            values = self._compute_numbers([cell for cell in cells if cell is not None])
            numbers[rows] = 0.0
            numbers[rows][present] = np.clip((values - self._mean) * self._factor, -LIMIT, LIMIT)
        return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])

    def _look_up_columns(self, cell: str | None, known: dict[str, list[int]]) -> list[int]:
        """Return the columns that are 1 for a cell, remembering them in ``known``."""
        if cell is None:
            return [len(self.names_) - 1] if len(self.names_) > len(self._positions) else []
        columns = known.get(cell)
        if columns is None:
            columns = self._find_columns(cell)
            if len(known) < _MAX_COUNTED:
                known[cell] = columns
        return columns


def _choose_frequent(texts: list[str], counts: CategoryCounts, most: int) -> list[str]:
    """Choose the words and whole texts with a column each, sorted."""
    weights: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = defaultdict(int)
    texts = texts[:: -(-len(texts) // _MAX_READ) or 1]
    for text in texts:
        whole = [text.lower()] if counts.rows[text] >= _MIN_ROWS else []
        for word in {*split_words(text), *whole}:
            weights[word] += counts.weights[text]
            rows[word] += counts.rows[text]
    n_rows = sum(map(counts.rows.__getitem__, texts)) + counts.rows.get(None, 0)
    known = [word for word, count in rows.items() if _MIN_ROWS <= count < n_rows]  # one in all rows tells none apart
    return sorted(sorted(known, key=lambda word: (-weights[word], word))[:most])


def is_text(counts: CategoryCounts, max_categories: int) -> bool:
    """Return whether a column's strings are better split into words than taken whole.

    They are if they are more than have columns of their own, or mostly unique, and if
    most have several words: categories of one word have no parts.
    """
    texts = [text for text in counts.rows if text is not None]
    n_rows = sum(counts.rows.values()) - counts.rows.get(None, 0)
    if not counts.text or not (len(texts) > max_categories or (len(texts) > 10 and 2 * len(texts) > n_rows)):
        return False
    first = texts[:1000]
    return 2 * sum(len(split_words(text)) > 1 for text in first) > len(first)
