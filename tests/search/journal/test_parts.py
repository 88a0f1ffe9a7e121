"""What tables are, whatever has been done with them."""

import numpy as np
import pandas as pd
import pytest

from sknet_hp.search.journal.identity import digest

DAYS = pd.Series(pd.date_range("2021-01-01", periods=50))
TIMES = {
    "dates": DAYS,
    "zoned": DAYS.dt.tz_localize("Europe/Vienna"),
    "durations": DAYS - DAYS[0],
    "periods": DAYS.dt.to_period("D"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_tables_with_dates_stay_themselves_when_rows_are_taken(kind):
    """A search with dates could not go on from its own journal."""
    table = pd.DataFrame({"x": np.arange(50), "when": TIMES[kind]})
    before = digest([table])
    table.iloc[[1, 2, 3]].to_numpy()
    assert digest([table]) == before
    assert digest([table.copy()]) == before
    others = table[::-1].reset_index(drop=True), table.rename(columns={"when": "then"}), table[["when", "x"]]
    assert before not in [digest([other]) for other in others]
    shifted = table.assign(when=table["when"].shift(1))
    assert digest([shifted]) != before
