"""The table that examples of commands read, with made-up passengers."""

from pathlib import Path

import numpy as np
import pandas as pd


def write_titanic(folder: Path, n_rows: int = 120) -> None:
    """Write titanic.csv, and new_passengers.csv without the column `survived`."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "pclass": rng.integers(1, 4, n_rows),
            "sex": rng.choice(["female", "male"], n_rows),
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(30, 12, n_rows).clip(1).round(1)),
            "fare": rng.gamma(2, 15, n_rows).round(2),
            "embarked": rng.choice(["S", "C", "Q"], n_rows),
        }
    )
    survived = (table["sex"] == "female") ^ (rng.random(n_rows) < 0.2)
    table.assign(survived=survived.map({True: "yes", False: "no"})).to_csv(folder / "titanic.csv", index=False)
    table.head(20).to_csv(folder / "new_passengers.csv", index=False)
