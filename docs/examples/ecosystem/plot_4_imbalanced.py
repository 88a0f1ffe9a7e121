"""
Rare classes
============

imbalanced-learn resamples rows inside a pipeline, so that only training rows are affected. Networks also have class
weights, which serve the same purpose, and a search can try both.
"""

# %%
# One row in twenty
# -----------------

import matplotlib.pyplot as plt
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.datasets import make_classification
from sklearn.model_selection import StratifiedKFold, cross_validate

import sknet_hp
from sknet_hp import NetClassifier

X, y = make_classification(
    1500, 10, n_informative=5, weights=[0.95], flip_y=0.01, class_sep=0.8, n_clusters_per_class=2, random_state=0
)
net = NetClassifier(random_state=0)
models = {
    "as it is": net,
    "class weights": NetClassifier(class_weight="balanced", random_state=0),
    "SMOTE": Pipeline([("sample", SMOTE(random_state=0)), ("net", net)]),
}
folds = StratifiedKFold(5, shuffle=True, random_state=0)
scoring = {"balanced accuracy": "balanced_accuracy", "average precision": "average_precision"}
means = {}
with sknet_hp.fused():
    for name, model in models.items():
        scores = cross_validate(model, X, y, scoring=scoring, cv=folds)
        means[name] = [scores[f"test_{metric}"].mean() for metric in scoring]

fig, axes = plt.subplots(1, 2, figsize=(8, 2.2), sharey=True, layout="constrained")
for ax, metric, values in zip(axes, scoring, zip(*means.values(), strict=True), strict=True):
    ax.bar_label(ax.barh(list(means), values), fmt="%.2f", padding=3)
    ax.set(xlabel=metric, xlim=(0, 1))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
plt.show()

# %%
# Average precision hardly changes: all networks rank the rows about equally well. Sampling and weights change how many
# rows are predicted as rare, and so does a threshold.
#
# Tune the sampler with the network
# ---------------------------------

from sknet_hp.search import HalvingSearchCV

pipeline = Pipeline([("sample", SMOTE(random_state=0)), ("net", NetClassifier(max_epochs=48, random_state=0))])
space = {
    "sample": [SMOTE(random_state=0), RandomOverSampler(random_state=0), "passthrough"],
    "net__lr": (1e-3, 1e-2, "log-uniform"),
    "net__width": [32, 64, 128],
}
search = HalvingSearchCV(pipeline, space, scoring="average_precision", n_candidates=8, cv=folds, random_state=0)
search.fit(X, y)
print(f"{search.best_score_:.2f}", search.best_params_)
