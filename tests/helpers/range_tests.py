"""Results of range tests, without a training."""

import numpy as np
import pandas as pd

from sknet_hp.findings import Findings
from sknet_hp.tuning.learning_rate.result import LRResult
from sknet_hp.tuning.learning_rate.suggestions import Rates

LOSSES = {rate: [loss, 1.1 * loss] for rate, loss in zip(np.logspace(-4, 0, 5), [0.9, 0.5, 0.3, 0.6, 2.0], strict=True)}


def make_result(losses=LOSSES, lr=0.01, edge=0.1, **attributes):
    rows = [(rate, seed, loss) for rate, of_seeds in losses.items() for seed, loss in enumerate(of_seeds)]
    table = pd.DataFrame(rows, columns=["rate", "seed", "loss"])
    means = table.replace(np.inf, np.nan).groupby("rate")["loss"].mean().ffill().reset_index()
    rates = {"suggestion": 0.01, "steepest": 0.001, "tenth_of_lowest": 0.002, "edge_of_divergence": edge}
    own = {
        "method": "sweep",
        "rates": Rates(**rates),
        "spread": {name: (rate / 2, rate * 2) for name, rate in rates.items()},
        "lr": lr,
        "table": table,
        "curve": means,
        "chance_loss": 1.0,
        "n_epochs": 3,
        "n_seeds": int(table["seed"].max()) + 1,
        "n_rows": 100,
        "n_rows_given": 100,
        "held_constant": {},
        "findings": Findings(),
    }
    return LRResult(**own | attributes)
