"""
Fit a table, and look at the learning curves
============================================

A network accepts a raw data frame, with numbers, categories, text and missing cells. Its learning curves show whether
it was trained for long enough.
"""

# %%
# A table
# -------
# 569 tumours, each described by 30 numbers. To make the table more like a real one, one number becomes a category, and
# a tenth of the cells are removed.

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"})
X["mean area"] = pd.cut(X["mean area"], [0, 400, 800, np.inf], labels=["small", "medium", "large"])
X = X.mask(np.random.default_rng(0).random(X.shape) < 0.1)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
X_train.iloc[:5, :5]

# %%
# A network
# ---------
# No preparation is needed. With an integer ``random_state``, the result is the same each time, bit for bit.

from sknet_hp import NetClassifier

net = NetClassifier(random_state=0).fit(X_train, y_train)
print(f"accuracy on new rows: {net.score(X_test, y_test):.3f}")
print(f"trained for {net.n_iter_} epochs; the best was epoch {net.best_epoch_}")

# %%
# Early stopping is on: some training rows are held out, and training stops when the loss on them no longer falls.
# ``predict`` uses the weights of the best epoch.
#
# Learning curves
# ---------------
# The curve of a single network is partly chance. Four networks that differ only in their seed show how much.

from sknet_hp.report import LearningCurvesDisplay

nets = [NetClassifier(random_state=seed).fit(X_train, y_train) for seed in range(4)]
LearningCurvesDisplay.from_estimator(nets)

# %%
# The training loss keeps falling while the validation loss does not: from there on, the network memorises its training
# rows. Early stopping ended the training in time.
