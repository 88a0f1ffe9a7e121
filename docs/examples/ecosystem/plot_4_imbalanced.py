"""
Rare classes
============

imbalanced-learn resamples rows inside a pipeline, so that only training rows are affected. Networks also have class
weights, which serve the same purpose, and a search can try both.
"""

# %%
# One row in twenty
# -----------------

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
scoring = ["balanced_accuracy", "average_precision"]
with sknet_hp.fused():
    for name, model in models.items():
        scores = cross_validate(model, X, y, scoring=scoring, cv=folds)
        means = [f"{metric} {scores[f'test_{metric}'].mean():.2f}" for metric in scoring]
        print(f"{name:>13}: {', '.join(means)}")

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
