"""
Choose a threshold by its cost
==============================

A classifier says "malignant" if the probability exceeds one half. If a miss costs more than a false alarm, another
threshold is cheaper. scikit-learn's ``TunedThresholdClassifierCV`` finds it by cross-validation.
"""

# %%
# What mistakes cost
# ------------------
# A missed tumour costs ten times as much as a false alarm. To make the task harder, we use only three measurements.

from sklearn.datasets import load_breast_cancer
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import StratifiedKFold, TunedThresholdClassifierCV, cross_val_score

import sknet_hp
from sknet_hp import NetClassifier

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X[["mean radius", "mean texture", "mean smoothness"]], 1 - y  # 1 is malignant


def count_cost(y_true, y_pred):
    _, false_alarms, misses, _ = confusion_matrix(y_true, y_pred).ravel()
    return false_alarms + 10 * misses


# %%
# Is the tuned threshold cheaper?
# -------------------------------
# The threshold is chosen inside each outer fold, on its training rows. The networks of outer and inner folds all train
# together.

net = NetClassifier(random_state=0)
scoring = make_scorer(count_cost, greater_is_better=False)
tuned = TunedThresholdClassifierCV(net, scoring=scoring, cv=5, store_cv_results=True)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
with sknet_hp.fused():
    for name, model in [("one half", net), ("tuned", tuned)]:
        print(f"{name:>8}: costs {-cross_val_score(model, X, y, scoring=scoring, cv=folds).sum():.0f}")

# %%
# The threshold
# -------------

import matplotlib.pyplot as plt

with sknet_hp.fused():
    tuned.fit(X, y)
fig, ax = plt.subplots(layout="constrained")
ax.plot(tuned.cv_results_["thresholds"], -tuned.cv_results_["scores"])
ax.axvline(tuned.best_threshold_, color="k", linestyle=":", label=f"chosen: {tuned.best_threshold_:.2f}")
ax.set(xlabel="threshold", ylabel="cost, mean of 5 folds", title="Where mistakes cost least")
ax.legend()
plt.show()
