"""
Tune, and look at the search
============================

A search trains many candidates for a few epochs and continues only with the best. Its pictures show what it tried,
what mattered, and whether to widen the search space.
"""

# %%
# The search
# ----------
# Friedman's function of five numbers, with five irrelevant columns and noise of standard deviation 1. Because of the
# noise, no model can reach an error below 1.

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
# What did it find?
# -----------------

print(search.summary())

# %%
# How did the search go?
# ----------------------
# Each point is a candidate at the end of a rung. The line is the best score so far.

from sknet_hp.report import SearchHistoryDisplay

SearchHistoryDisplay.from_search(search)

# %%
# What do good candidates have in common?
# ---------------------------------------
# Each line is a candidate; dark lines are the best. If dark lines meet on an axis, that parameter matters. If they meet
# at the end of an axis, the search space should be wider.

from sknet_hp.report import ParallelCoordinatesDisplay

ParallelCoordinatesDisplay.from_search(search)

# %%
# Learning curves
# ---------------
# The best candidates are in colour. Those that were dropped are grey.

from sknet_hp.report import LearningCurvesDisplay

LearningCurvesDisplay.from_search(search)
