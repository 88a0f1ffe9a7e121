"""
Compare two models
==================

Two mean scores almost always differ. ``compare`` says whether the difference is more than noise, and whether it is
large enough to matter.
"""

# %%
# A network and boosted trees, on the same splits
# -----------------------------------------------

from sklearn.datasets import load_breast_cancer

from sknet_hp import NetClassifier
from sknet_hp.evaluation import compare, make_baseline

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
network = NetClassifier(random_state=0)
boosting = make_baseline("boosting", "classification", random_state=0)
comparison = compare(network, boosting, names=["network", "boosting"], X=X, y=y, scoring="roc_auc", random_state=0)
print(comparison.summary())

# %%
# The difference
# --------------
# The curve shows how probable each difference is. In the shaded region, neither model is better by enough to matter.

from sknet_hp.report import ComparisonDisplay

ComparisonDisplay.from_comparison(comparison)

# %%
# For a paper
# -----------

from textwrap import fill

print(fill(comparison.sentence, 88))
