"""
Diagnose a network, and apply the remedy
========================================

``diagnose`` says what is wrong with a trained network, which numbers show it, and what to change.
"""

# %%
# A network that performs badly
# -----------------------------
# Its learning rate is a thousand times too large.

import warnings

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknet_hp import NetClassifier

X, y = load_digits(return_X_y=True)
X, y = X[:800], y[:800]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
net = NetClassifier(lr=2.0, random_state=0)
with warnings.catch_warnings(action="ignore"):
    net.fit(X_train, y_train)
print(f"accuracy: {net.score(X_test, y_test):.3f}")

# %%
# What is wrong with it?
# ----------------------

from sknet_hp.tuning import diagnose

findings = diagnose(net, X_train, y_train)
print(findings)

# %%
# Apply the remedy
# ----------------
# If parameters can fix a problem, the finding has a remedy. ``apply`` returns an unfitted copy of the network with it.

finding = findings[0]
print(finding.remedy)
fixed = finding.apply(net).fit(X_train, y_train)
print(f"accuracy: {fixed.score(X_test, y_test):.3f}")

# %%
# Its learning curves look healthy, too.

from sknet_hp.report import LearningCurvesDisplay

LearningCurvesDisplay.from_estimator(fixed)

# %%
# Is it healthy now?
# ------------------

print(diagnose(fixed, X_train, y_train))
