"""
Tune, and look at the search
============================

A search gives many settings a few epochs, and only the best go on. Its pictures say what it has tried, what mattered,
and whether to look elsewhere.
"""

# %%
# The search
# ----------

from sklearn.datasets import load_breast_cancer

from sknet_hp import NetClassifier
from sknet_hp.search import HalvingSearchCV

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
net = NetClassifier(max_epochs=27, random_state=0)
space = {
    "lr": (1e-4, 1e-1, "log-uniform"),
    "width": (8, 128, "log-uniform"),
    "dropout": (0.0, 0.5),
    "weight_decay": (1e-4, 1e-1, "log-uniform"),
}
search = HalvingSearchCV(net, space, n_candidates=60, scoring="neg_log_loss", random_state=0)
search.fit(X, y)

# %%
# What came of it
# ---------------

print(search.summary())

# %%
# Learning curves
# ---------------
# The best candidates stand out. Those that were dropped are grey.

from sknet_hp.report import LearningCurvesDisplay

display = LearningCurvesDisplay.from_search(search)
