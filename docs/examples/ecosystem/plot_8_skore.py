"""
The diagnosis in skore's reports
================================

skore looks at a fitted estimator: metrics, pictures, and checks for common faults. ``make_skore_checks`` adds ours,
which know what can go wrong in the training of a network.
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
# What is left are two pixels that say nearly the same, and a validation loss that jumps: few rows are held out.

better = skore.EstimatorReport(NetClassifier(random_state=0), **parts)
better.checks.add(make_skore_checks())
found = better.checks.summarize().frame()
ours = {check.code for check in make_skore_checks()}
for issue in found[found["section"] == "issue"].itertuples():
    print("sknet_hp" if issue.code in ours else "skore", issue.code, issue.title)

# %%

better.metrics.confusion_matrix().plot()
