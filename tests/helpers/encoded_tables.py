"""Encoded tables with cells of every kind, drawn at random."""

import numpy as np

from sknet_hp.nets.inputs import Inputs


def draw_encoded_table(rows, n_floats=0, bins=(), categories=(), words=0, codes=(), seed=0):
    """Rows with so many floats; numbers with so many bins each; categories, columns
    that are 1; sparse words; codes of learned vectors.
    """
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(bins)]).astype(np.int64)
    first = n_floats + int(starts[-1])
    width = first + sum(categories) + words
    arrays = {"floats": rng.standard_normal((rows, n_floats)).astype(np.float32), "starts": starts}
    if bins:
        arrays["bins"] = np.column_stack([rng.integers(0, n, rows) for n in bins]).astype(np.uint16)
        # The ends of bins are among them.
        arrays["shares"] = np.clip(rng.uniform(-0.2, 1.2, (rows, len(bins))), 0, 1).astype(np.float32)
    if categories:
        begins = first + np.concatenate([[0], np.cumsum(categories)[:-1]])
        hot = np.column_stack([begin + rng.integers(0, n, rows) for begin, n in zip(begins, categories, strict=True)])
        arrays["hot"] = np.where(rng.random(hot.shape) < 0.2, -1, hot).astype(np.int32)  # some are unknown
    if words:
        counts = rng.integers(0, min(words, 4) + 1, rows)  # some rows have none
        arrays["sparse_starts"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        chosen = [np.sort(rng.choice(words, n, replace=False)) for n in counts]
        arrays["sparse_columns"] = (width - words + np.concatenate(chosen)).astype(np.int32)
        arrays["sparse_values"] = rng.standard_normal(counts.sum()).astype(np.float32)
    if codes:
        begins = np.concatenate([[0], np.cumsum(codes)[:-1]])
        arrays["codes"] = np.column_stack(
            [begin + rng.integers(0, n, rows) for begin, n in zip(begins, codes, strict=True)]
        ).astype(np.int32)
    return Inputs(width=width, **arrays)
