"""
Why this prediction
===================

SHAP divides a single prediction among the columns. Its model-agnostic explainers need only ``predict``, but
for many rows: more than 100,000 for these pictures.
"""

# %%
# Shares of a prediction
# ----------------------
# The explanation is of the difference from the mean prediction for 30 other patients.

import matplotlib.pyplot as plt
import shap
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from sknet_hp import NetRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=50, random_state=0)
net = NetRegressor(random_state=0).fit(X_train, y_train)

explainer = shap.PermutationExplainer(net.predict, X_train.sample(30, random_state=0), seed=0)
shares = explainer(X_test, max_evals=5 * (2 * X.shape[1] + 1), silent=True)

# %%
# They add up to the prediction.

gap = shares.base_values + shares.values.sum(axis=1) - net.predict(X_test)
print(f"at most {abs(gap).max():.0e} apart")

# %%
# One patient
# -----------

plt.figure(layout="constrained")
shap.plots.waterfall(shares[0], show=False)
plt.show()

# %%
# All of them
# -----------
# A point is a patient; its colour is the value of the column, from low (blue) to high (red).

plt.figure(layout="constrained")
shap.plots.beeswarm(shares, show=False, plot_size=(8, 5))
plt.show()
