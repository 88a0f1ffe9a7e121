"""
Why a search needs nested cross-validation
==========================================

The best score of a search is too good, because the best of many tries is also the luckiest. This example shows by how
much, on a table from which nothing can be learned.
"""

# %%
# A table of noise
# ----------------
# 150 rows of random numbers, with classes drawn by coin flips. No model can be right more than half of the time.

import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(150, 10))
y = rng.integers(0, 2, size=150)

# %%
# The search still finds something
# --------------------------------
# It tries thirty candidates in three folds, and reports the accuracy of the best.

from scipy.stats import loguniform

from sknet_hp import NetClassifier
from sknet_hp.search import RandomizedSearchCV

net = NetClassifier(width=16, max_epochs=15, early_stopping=False, random_state=0)
space = {"lr": loguniform(1e-4, 1e-1), "weight_decay": loguniform(1e-4, 1)}
search = RandomizedSearchCV(net, space, n_iter=30, cv=3, random_state=0).fit(X, y)
print(f"best score of the search: {search.best_score_:.3f}")

# %%
# Nested cross-validation is not fooled
# -------------------------------------
# It runs the whole search on the training rows of each outer fold, and scores the chosen network on rows that no search
# has seen. The networks of all searches train together, so this takes only seconds.

from sknet_hp.evaluation import nested_cross_validate

result = nested_cross_validate(search, X, y, cv=5, random_state=0)
print(result.summary())

# %%
# Inner and outer scores
# ----------------------
# What each search reported, and what its choice scored on new rows.

from sknet_hp.report import NestedScoresDisplay

NestedScoresDisplay.from_evaluation(result)
