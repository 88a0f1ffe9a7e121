"""
Why a search needs nested cross-validation
==========================================

The best score of a search is too good: of many tries, the best is also the luckiest. Here is how much, on a table
from which nothing can be learned.
"""

# %%
# A table of noise
# ----------------
# 150 rows of random numbers, and classes drawn by a coin. No model can be right more than half of the time.

import numpy as np

rng = np.random.default_rng(4)
X = rng.normal(size=(150, 10))
y = rng.integers(0, 2, size=150)

# %%
# A search finds something all the same
# -------------------------------------
# Thirty settings, three folds. The search reports the accuracy of the best.

from scipy.stats import loguniform

from sknet_hp import NetClassifier
from sknet_hp.search import RandomizedSearchCV

net = NetClassifier(width=16, max_epochs=15, early_stopping=False, random_state=0)
space = {"lr": loguniform(1e-4, 1e-1), "weight_decay": loguniform(1e-4, 1)}
search = RandomizedSearchCV(net, space, n_iter=30, cv=3, random_state=0).fit(X, y)
print(f"best score of the search: {search.best_score_:.3f}")

# %%
# Nested cross-validation is not taken in
# ---------------------------------------
# It runs the whole search on the training rows of each outer fold, and scores what was chosen on rows that no search
# has seen. All networks of all searches train together, so this takes seconds.

from sknet_hp.evaluation import nested_cross_validate

result = nested_cross_validate(search, X, y, cv=5, random_state=0)
print(result.summary())

# %%
# Inner beside outer
# ------------------
# What each search promised, and what its choice was worth on new rows.

from sknet_hp.report import NestedScoresDisplay

NestedScoresDisplay.from_evaluation(result)
