"""
Tune, and look at the search
============================

A search gives many settings a few epochs, and only the best go on. Its pictures say what it tried, what mattered, and
whether to look elsewhere.
"""

# %%
# The search
# ----------
# Friedman's function of five numbers, with noise of standard deviation 1 and five columns that mean nothing. So no
# model can have an error below 1.

from sklearn.datasets import make_friedman1

from sknet_hp import NetRegressor
from sknet_hp.search import HalvingSearchCV

X, y = make_friedman1(n_samples=600, noise=1.0, random_state=0)
net = NetRegressor(max_epochs=81, random_state=0)
space = {
    "lr": (1e-4, 1e-1, "log-uniform"),
    "width": (8, 256, "log-uniform"),
    "dropout": (0.0, 0.5),
    "weight_decay": (1e-4, 1e-1, "log-uniform"),
}
scoring = "neg_root_mean_squared_error"
search = HalvingSearchCV(net, space, n_candidates=54, min_resources=9, scoring=scoring, random_state=0)
search = search.fit(X, y)

# %%
# What came of it
# ---------------

print(search.summary())

# %%
# How it went
# -----------
# Each point is a candidate at the end of a rung. The line is the best so far.

from sknet_hp.report import SearchHistoryDisplay

SearchHistoryDisplay.from_search(search)

# %%
# What the good candidates have in common
# ---------------------------------------
# Each line is a candidate, the dark ones are the best. Where dark lines meet, the parameter matters. If they meet at
# the edge of an axis, the space should reach further.

from sknet_hp.report import ParallelCoordinatesDisplay

ParallelCoordinatesDisplay.from_search(search)

# %%
# Learning curves
# ---------------
# The best candidates stand out. Those that were dropped are grey.

from sknet_hp.report import LearningCurvesDisplay

LearningCurvesDisplay.from_search(search)
