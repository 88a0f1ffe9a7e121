"""The columns of an encoded table as ONNX nodes, in their order."""

import numpy as np

from sknet_hp.estimators.encoding.categorical.words import Words
from sknet_hp.estimators.encoding.columns import LearnedColumns
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.encoding.categories import add_codes, add_one_hot, add_words
from sknet_hp.sharing.onnx.encoding.dates import add_dates
from sknet_hp.sharing.onnx.encoding.numbers import add_bins, add_numbers
from sknet_hp.sharing.onnx.tables import TensorTable


def add_encoding(b: GraphBuilder, learned: LearnedColumns, table: TensorTable) -> str:
    """Return the name of the encoded rows, (rows, width + n_codes) float32.

    Columns come in the order of `LearnedColumns`.
    """
    parts: list[str] = []
    read = [table.read_numbers(b, learned.numeric)] if learned.numeric else []
    read += [add_dates(b, learned.dates, table)] if learned.dates else []
    x = b.concatenate(read) if read else None
    if x is not None and learned.numbers is not None:
        parts += add_numbers(b, learned.numbers, x)
    zero_or_one: list[str] = []
    for each in learned.categories:
        if isinstance(each, Words):
            numbers, words = add_words(b, each, table)
            parts.append(numbers)
            zero_or_one += [] if words is None else [words]
        elif each.names_:
            zero_or_one.append(add_one_hot(b, each, table))
    if x is not None and learned.bins is not None and learned.bins.binned_:
        parts.append(add_bins(b, learned.bins, x))
    parts += zero_or_one
    spare = learned.layout.width - _count_columns(learned)
    if spare:
        parts.append(_add_zeros(b, parts[0], spare))
    first = 0
    for codes in learned.codes:
        parts.append(add_codes(b, codes, first, table))
        first += codes.n_codes_
    return b.concatenate(parts)


def _count_columns(learned: LearnedColumns) -> int:
    """Return how many wide columns stand for something."""
    return learned.layout.first_category + sum(len(each.names_) for each in learned.categories)


def _add_zeros(b: GraphBuilder, beside: str, n: int) -> str:
    """Return n columns of zeros, float32, as long as what they stand beside."""
    rows = b.add("Slice", b.add("Shape", beside), np.array([0], np.int64), np.array([1], np.int64))
    shape = b.concatenate([rows, b.hold(np.array([n], np.int64))], axis=0)
    return b.add("Expand", np.zeros((1, 1), np.float32), shape)
