"""
The diagnosis in skore's reports
================================

skore reports on a fitted estimator: metrics, pictures, and checks for common problems. ``make_skore_checks`` adds
checks for what can go wrong when a network is trained.
"""

# %%
# A network whose learning rate is far too low
# --------------------------------------------

import skore
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknet_hp import NetClassifier
from sknet_hp.tuning import make_skore_checks

X, y = load_digits(n_class=4, return_X_y=True, as_frame=True)
X = X.loc[:, (X > 0).mean() > 0.05]  # pixels at the edge are nearly always empty
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
parts = {"X_train": X_train, "y_train": y_train, "X_test": X_test, "y_test": y_test}
report = skore.EstimatorReport(NetClassifier(lr=1e-6, max_epochs=30, random_state=0), **parts)
report.checks.add(make_skore_checks())
found = report.checks.summarize().frame()
print(found["section"].value_counts().to_string())

# %%
# What the issues say, and what to do:

from textwrap import fill

for issue in found[found["section"] == "issue"].itertuples():
    print(fill(f"{issue.code}: {issue.explanation}", 88))

# %%
# With the default learning rate
# ------------------------------
# Two findings remain: two pixels that are nearly identical, and a validation loss that jumps because few rows are held
# out.

better = skore.EstimatorReport(NetClassifier(random_state=0), **parts)
better.checks.add(make_skore_checks())
found = better.checks.summarize().frame()
ours = {check.code for check in make_skore_checks()}
for issue in found[found["section"] == "issue"].itertuples():
    print("sknet_hp" if issue.code in ours else "skore", issue.code, issue.title)

# %%

better.metrics.confusion_matrix().plot()
