"""Tables without faults, in which tests make one."""

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold


def make_table(n_rows=400, seed=0):
    """Two numbers, a category and a column with gaps; a target that depends on them a little."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, n_rows).round(1),
            "income": rng.lognormal(8, 1, n_rows).round(2),
            "city": rng.choice(["Bonn", "Lyon", "Graz"], n_rows),
            "score": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
        }
    )
    chance = 1 / (1 + np.exp(-(frame["age"] - 40) / 12))
    return frame, np.where(rng.random(n_rows) < chance, "yes", "no")


def make_mixed_table(n_rows=160, seed=0):
    """The same with dates, dates written as text, words, categories and booleans, all with gaps but the last."""
    frame, y = make_table(n_rows, seed)
    rows = np.arange(n_rows)
    days = pd.Series(pd.date_range("2020-01-01", periods=n_rows, freq="5D"))
    frame["seen"] = days.where(rows % 11 != 0)
    frame["since"] = days.astype(str).where(rows % 13 != 0, None)
    frame["note"] = [
        f"order {row % 7} {'urgent' if label == 'yes' else ''}" if row % 9 else None for row, label in enumerate(y)
    ]
    frame["kind"] = pd.Categorical(np.where(rows % 3 == 0, None, frame["city"]))
    frame["member"] = frame["age"] > 40
    return frame, y


def make_splits(n_rows, shuffle=True):
    cv = KFold(5, shuffle=shuffle, random_state=0 if shuffle else None)
    return list(cv.split(np.zeros(n_rows)))
