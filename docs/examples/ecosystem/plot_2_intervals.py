"""
Intervals for single predictions
================================

MAPIE puts an interval around each prediction that contains the true value as often as it claims, whatever the network.
It needs many fits, which train together.
"""

# %%
# Cross-conformal intervals
# -------------------------
# Ten networks are trained, each without a tenth of the rows. Their errors on the left-out rows determine how wide the
# intervals must be.

import numpy as np
from mapie.metrics.regression import regression_coverage_score, regression_mean_width_score
from mapie.regression import CrossConformalRegressor
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import sknet_hp
from sknet_hp import NetRegressor

X, y = load_diabetes(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
conformal = CrossConformalRegressor(NetRegressor(random_state=0), confidence_level=[0.8, 0.9, 0.95], cv=10)
with sknet_hp.fused():
    conformal.fit_conformalize(X_train, y_train)
predicted, intervals = conformal.predict_interval(X_test)  # intervals: (rows, lower and upper, levels)

# %%
# Are they right as often as they claim?
# --------------------------------------
# 133 rows are too few to distinguish 0.90 from 0.93.

coverage = regression_coverage_score(y_test, intervals)
width = regression_mean_width_score(intervals)
for level, covered, wide in zip([0.8, 0.9, 0.95], coverage, width, strict=True):
    print(f"promised {level:.2f}, covered {covered:.2f}, {wide:.0f} wide")

# %%
# The picture shows the 90 % intervals.

import matplotlib.pyplot as plt

order = np.argsort(predicted)
lower, upper = intervals[order, :, 1].T
missed = (y_test[order] < lower) | (y_test[order] > upper)
fig, ax = plt.subplots(layout="constrained")
rows = np.arange(len(order))
ax.fill_between(rows, lower, upper, alpha=0.25, label="interval")
ax.plot(rows, predicted[order], label="prediction")
ax.scatter(rows[~missed], y_test[order][~missed], s=12, color="0.35", label="inside")
ax.scatter(rows[missed], y_test[order][missed], s=30, marker="x", color="k", label="outside")
ax.set(xlabel="patients, sorted by prediction", ylabel="progression of diabetes")
ax.legend()
plt.show()
