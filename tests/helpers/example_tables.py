"""The tables that examples of commands read, with made-up rows."""

from pathlib import Path

import numpy as np
import pandas as pd

N_ROWS = 120


def write_example_tables(folder: Path) -> None:
    """Write the tables that pages of the documentation name."""
    rng = np.random.default_rng(0)
    titanic = _make_passengers(rng)
    titanic.to_csv(folder / "titanic.csv", index=False)
    titanic.tail(100).to_csv(folder / "held_out.csv", index=False)
    titanic.drop(columns="survived").head(20).to_csv(folder / "new_passengers.csv", index=False)
    visits = _make_visits(rng)
    visits.to_csv(folder / "visits.csv", index=False)
    visits.to_csv(folder / "visits.csv.gz", index=False)
    credits = pd.DataFrame({"duration": rng.integers(4, 60, N_ROWS), "amount": rng.integers(250, 18_000, N_ROWS)})
    risk = np.where(credits["duration"] + rng.normal(0, 10, N_ROWS) > 45, "bad", "good")
    credits.assign(credit_risk=risk).to_csv(folder / "german_credit.csv", index=False)
    houses = pd.DataFrame({"rooms": rng.integers(1, 9, N_ROWS), "district": rng.choice(["north", "south"], N_ROWS)})
    price = 50_000.5 * houses["rooms"] + rng.normal(0, 20_000, N_ROWS)
    houses.assign(price=price).to_parquet(folder / "houses.parquet")
    days = pd.date_range("2024-01-01", periods=N_ROWS)
    sales = pd.DataFrame({"day": days, "weekday": days.day_of_week, "open": rng.random(N_ROWS) < 0.9})
    sales.assign(amount=sales["weekday"] * 10.5 + rng.normal(0, 5, N_ROWS)).to_csv(folder / "sales.csv", index=False)


def _make_passengers(rng: np.random.Generator) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "pclass": rng.integers(1, 4, N_ROWS),
            "sex": rng.choice(["female", "male"], N_ROWS),
            "age": np.where(rng.random(N_ROWS) < 0.1, np.nan, rng.normal(30, 12, N_ROWS).clip(1).round(1)),
            "fare": rng.gamma(2, 15, N_ROWS).round(2),
            "embarked": rng.choice(["S", "C", "Q"], N_ROWS),
        }
    )
    survived = (table["sex"] == "female") ^ (rng.random(N_ROWS) < 0.2)
    return table.assign(survived=survived.map({True: "yes", False: "no"}))


def _make_visits(rng: np.random.Generator) -> pd.DataFrame:
    patients = np.repeat(np.arange(N_ROWS // 4), 4)
    fever = rng.normal(37, 1, N_ROWS).round(1)
    return pd.DataFrame(
        {
            "patient": patients,
            "name": [f"patient {number}" for number in patients],
            "phone": 10_000_000 + patients * 7919,
            "fever": fever,
            "age": rng.integers(1, 90, N_ROWS // 4)[patients],
            "ill": np.where(fever + rng.normal(0, 0.5, N_ROWS) > 37.5, "yes", "no"),
        }
    )
