"""Text whose parts say more than the whole: names with titles, codes with prefixes,
addresses.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import repeat

import numpy as np

from sknet_hp.estimators.encoding.categories import Census, OfColumn
from sknet_hp.estimators.encoding.standardise import LIMIT
from sknet_hp.estimators.encoding.table import Table

_PART = re.compile(r"[^\W\d_]+|\d+")  # letters, or digits: "C22 C26" is c, 22 and 26
_FEWEST_ROWS = 5
"""Rows that a word must occur in: it would teach no more than noise from fewer. From 3
or 10 on is as good, to a hundredth.
"""

_MOST_READ = 100_000  # distinct texts from which words are learned; what is frequent in so many is in all
_MOST_COUNTED = 2**16  # values whose number of rows is remembered, so that an encoder stays small


def parts_of(text: str) -> list[str]:
    """Its words and numbers, in lower case."""
    return _PART.findall(text.lower())


class Words(OfColumn):
    """One column of text: how many training rows share the whole text; its length; a
    0/1 column for each frequent word or whole text; and missing.

    Rows of positive weight count once where rows are counted; which words are the most
    frequent goes by weight.

    Attributes
    ----------
    number_names_, names_ : list of str
        What the two numbers and the 0/1 columns stand for.
    """

    def __init__(self, column: int, census: Census, max_words: int):
        super().__init__(column, census)
        texts = [text for text in census.rows if text is not None]
        words = _frequent(texts, census, max_words)
        self._positions = {word: position for position, word in enumerate(words)}
        shared = sorted((text for text in texts if census.rows[text] > 1), key=lambda text: (-census.rows[text], text))
        self._rows = {text: census.rows[text] for text in shared[:_MOST_COUNTED]}
        numbers = self._numbers(texts)  # (distinct, 2)
        share = np.array([census.weights[text] for text in texts])[:, None]
        share /= share.sum()
        self.number_names_ = ["count", "length"]
        self.names_ = [f"word_{word}" for word in words] + ["missing"] * (None in census.rows)
        self._mean = (share * numbers).sum(axis=0)
        spread = np.sqrt((share * (numbers - self._mean) ** 2).sum(axis=0))
        known = spread > 1e-9 * (1 + np.abs(self._mean))  # else rounding is all there is
        self._factor = np.where(known, 1 / np.where(known, spread, 1.0), 0.0)

    def _numbers(self, texts: list[str]) -> np.ndarray:
        """Logarithm of how many training rows share a text, one at least; and its
        length. Shape (len(texts), 2).
        """
        count = np.fromiter(map(self._rows.get, texts, repeat(1)), np.float64, len(texts))
        return np.stack([np.log(count), np.fromiter(map(len, texts), np.float64, len(texts))], axis=1)

    def _found(self, text: str) -> list[int]:
        """The columns of the words in a text, in order."""
        position_of = self._positions
        return sorted({position_of[word] for word in (*parts_of(text), text.lower()) if word in position_of})

    def write(self, table: Table, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Write the two numbers into ``numbers``, of shape (n_rows, 2).

        Returns
        -------
        rows, columns : which 0/1 columns are 1, int32 of shape (entries,), row by row.
        """
        known: dict[str, list[int]] = {}  # texts that come again are looked into once
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for rows, cells in self._key_blocks(table):
            per_row = [self._columns_of(cell, known) for cell in cells]
            counts = np.fromiter(map(len, per_row), np.int32, len(cells))
            columns = np.fromiter((column for own in per_row for column in own), np.int32, int(counts.sum()))
            found.append((np.repeat(np.arange(rows.start, rows.stop, dtype=np.int32), counts), columns))
            present = np.fromiter((cell is not None for cell in cells), bool, len(cells))
            values = self._numbers([cell for cell in cells if cell is not None])
            numbers[rows] = 0.0
            numbers[rows][present] = np.clip((values - self._mean) * self._factor, -LIMIT, LIMIT)
        return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])

    def _columns_of(self, cell: str | None, known: dict[str, list[int]]) -> list[int]:
        if cell is None:
            return [len(self.names_) - 1] if len(self.names_) > len(self._positions) else []
        columns = known.get(cell)
        if columns is None:
            columns = self._found(cell)
            if len(known) < _MOST_COUNTED:
                known[cell] = columns
        return columns


def _frequent(texts: list[str], census: Census, most: int) -> list[str]:
    """The words and whole texts with a column each, sorted."""
    weights: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = defaultdict(int)
    texts = texts[:: -(-len(texts) // _MOST_READ) or 1]
    for text in texts:
        whole = [text.lower()] if census.rows[text] >= _FEWEST_ROWS else []
        for word in {*parts_of(text), *whole}:
            weights[word] += census.weights[text]
            rows[word] += census.rows[text]
    n_rows = sum(map(census.rows.__getitem__, texts)) + census.rows.get(None, 0)
    known = [word for word, count in rows.items() if _FEWEST_ROWS <= count < n_rows]  # one in all rows tells none apart
    return sorted(sorted(known, key=lambda word: (-weights[word], word))[:most])


def is_text(census: Census, max_categories: int) -> bool:
    """Whether a column's strings are better looked into than taken as categories.

    They are if they are more than have columns of their own, or mostly unique, and if
    most have several words: categories of one word have no parts.
    """
    texts = [text for text in census.rows if text is not None]
    n_rows = sum(census.rows.values()) - census.rows.get(None, 0)
    if not census.text or not (len(texts) > max_categories or (len(texts) > 10 and 2 * len(texts) > n_rows)):
        return False
    first = texts[:1000]
    return 2 * sum(len(parts_of(text)) > 1 for text in first) > len(first)
