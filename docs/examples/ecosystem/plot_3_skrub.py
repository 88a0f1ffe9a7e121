"""
Text as people write it
=======================

The networks accept raw tables: numbers, categories, dates, missing cells, and text, which they read as words. A
misspelt word is a different word to them. skrub looks at groups of letters, and recognises it.
"""

# %%
# A messy table
# -------------
# The rent of a flat depends on its quarter, and the quarter was typed by hand, in a hurry.

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
n_rows = 600
PREMIUMS = {
    "Old Town": 300,
    "Riverside": 250,
    "University": 200,
    "Botanic Garden": 150,
    "Harbour": 100,
    "Central Station": 0,
}


def mistype(word):
    """Swap two neighbouring letters, and leave one out."""
    place, lost = rng.integers(1, len(word) - 1), rng.integers(1, len(word))
    swapped = word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    return swapped[:lost] + swapped[lost + 1 :]


quarter = rng.choice(list(PREMIUMS), n_rows)
flats = pd.DataFrame(
    {
        "quarter": [mistype(word) if rng.random() < 0.8 else word for word in quarter],
        "built": pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 27_000, n_rows), unit="D"),
        "area": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(80, 20, n_rows)),
    }
)
known = 4 * flats["area"].fillna(80) + (flats["built"].dt.year - 1950)
rent = known + pd.Series(quarter).map(PREMIUMS) + rng.normal(0, 20, n_rows)
flats.head()

# %%
# Without and with skrub
# ----------------------
# ``tabular_pipeline`` prepares everything: dates become numbers, missing cells are filled. A ``TableVectorizer`` can
# also encode only the text, and leave the rest to the network.

from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from skrub import StringEncoder, TableVectorizer, tabular_pipeline

import sknet_hp
from sknet_hp import NetRegressor

net = NetRegressor(random_state=0)
letters = TableVectorizer(high_cardinality=StringEncoder(n_components=10), datetime="passthrough")
models = {
    "the network alone": net,
    "tabular_pipeline": tabular_pipeline(net),
    "text by skrub, the rest by the network": make_pipeline(letters, net),
}
with sknet_hp.fused():
    scores = {name: cross_val_score(model, flats, rent, cv=3).mean() for name, model in models.items()}

import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(7, 2), layout="constrained")
ax.bar_label(ax.barh(list(scores), list(scores.values())), fmt="%.2f", padding=3)
ax.invert_yaxis()
ax.set(xlabel="R², mean of three folds")
ax.spines[["top", "right"]].set_visible(False)
plt.show()

# %%
# How ``TableVectorizer`` classified each column:

letters.fit(flats)
print(letters.column_to_kind_)
