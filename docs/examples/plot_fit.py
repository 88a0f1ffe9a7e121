"""
Fit a network, and look at its learning curves
==============================================

A network takes a data frame as it is: numbers, text, categories and missing values.
"""

# %%
# The table
# ---------
# 569 tumours, described by 30 numbers each. Some numbers are made missing here, as they would be in real life.

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X = X.mask(X.sample(frac=0.1, random_state=0).notna(), axis=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# The network
# -----------
# ``random_state`` makes the result the same each time, to the last bit.

from sknet_hp import NetClassifier

net = NetClassifier(random_state=0).fit(X_train, y_train)
print(f"accuracy on new rows: {net.score(X_test, y_test):.3f}")
