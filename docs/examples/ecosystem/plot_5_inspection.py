"""
What a network has learned
==========================

scikit-learn's inspection tools work with any estimator: which columns matter, how, and where is the boundary?
"""

# %%
# Which columns matter
# --------------------
# How much does the score fall if a column is shuffled? This is measured on rows that the network has not seen.

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes, make_moons
from sklearn.inspection import DecisionBoundaryDisplay, PartialDependenceDisplay, permutation_importance
from sklearn.model_selection import train_test_split

from sknet_hp import NetClassifier, NetRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
net = NetRegressor(random_state=0).fit(X_train, y_train)
importance = permutation_importance(net, X_test, y_test, n_repeats=20, random_state=0)

order = importance.importances_mean.argsort()
fig, ax = plt.subplots(layout="constrained")
ax.boxplot(importance.importances[order].T, orientation="horizontal", tick_labels=X.columns[order])
ax.axvline(0, color="k", linestyle=":")
ax.set(xlabel="loss of R² when the column is shuffled")
plt.show()

# %%
# How they matter
# ---------------
# Each thin line is a patient whose value is varied, and the dashed line is the mean. The lines are nearly parallel, so
# the effect of these columns hardly depends on the others.

columns = ["bmi", "s5"]
display = PartialDependenceDisplay.from_estimator(net, X_test, columns, kind="both", subsample=40, random_state=0)
display.figure_.set_layout_engine("constrained")

# %%
# The decision boundary
# ---------------------
# After 5 epochs it is nearly straight. After 200 it follows both moons, and the network is confident nearly everywhere.

X, y = make_moons(300, noise=0.25, random_state=0)
fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, epochs in zip(axes, [5, 200], strict=True):
    net = NetClassifier(max_epochs=epochs, early_stopping=False, random_state=0).fit(X, y)
    DecisionBoundaryDisplay.from_estimator(net, X, response_method="predict_proba", cmap="PuOr", alpha=0.6, ax=ax)
    ax.scatter(*X.T, c=y, cmap="PuOr", edgecolor="white", s=20)
    ax.set_title(f"{epochs} epochs")
plt.show()
