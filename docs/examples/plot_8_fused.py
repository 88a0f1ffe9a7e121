"""
scikit-learn's own search, fused
================================

Inside ``with sknet_hp.fused():``, the networks of scikit-learn's searches and cross-validations train together. The
rest of the code stays the same, and so do the numbers, bit for bit.
"""

# %%
# A grid search as you know it
# ----------------------------
# 12 settings in 3 folds, inside 3 outer folds: 111 networks.

from time import perf_counter

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score

import sknet_hp
from sknet_hp import NetClassifier

X, y = load_digits(return_X_y=True)
net = NetClassifier(max_epochs=5, early_stopping=False, random_state=0)
grid = {"lr": [1e-3, 3e-3, 1e-2], "width": [32, 64], "dropout": [0.0, 0.2]}
search = GridSearchCV(net, grid, cv=3)

start = perf_counter()
with sknet_hp.fused():
    fused = cross_val_score(search, X, y, cv=3)
print(f"{fused.mean():.4f} in {perf_counter() - start:.1f} s")

# %%
# The same, one after another
# ---------------------------
# How much longer this takes depends on the number of cores.

start = perf_counter()
alone = cross_val_score(search, X, y, cv=3)
print(f"{alone.mean():.4f} in {perf_counter() - start:.1f} s")

# %%
# The scores are identical.

print((fused == alone).all())

# %%
# What did it try?
# ----------------
# The pictures of this library also take scikit-learn's searches. Each line is a setting; dark lines are the best.

from sknet_hp.report import ParallelCoordinatesDisplay

with sknet_hp.fused():
    search.fit(X, y)
ParallelCoordinatesDisplay.from_search(search)
