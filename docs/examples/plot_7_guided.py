"""
Guided tuning
=============

``GuidedSearchCV`` tunes as a practitioner would: a prototype, the learning rate, the batch size, regularisation and
size, the schedule, and finally several networks averaged. It explains each step.
"""

# %%
# Twelve seconds of tuning
# ------------------------

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from sknet_hp import NetClassifier
from sknet_hp.tuning import GuidedSearchCV

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
net = NetClassifier(random_state=0)
search = GuidedSearchCV(net, time_budget=12, scoring="neg_log_loss", random_state=0)
search = search.fit(X_train, y_train)

# %%
# What did it do, and why?
# ------------------------

print(search.stages_.summary())

# %%
# Everything it tried
# -------------------

from sknet_hp.report import SearchHistoryDisplay

SearchHistoryDisplay.from_search(search)

# %%
# What did it gain?
# -----------------

from sklearn.metrics import log_loss

untuned = net.fit(X_train, y_train)
print(f"log loss on new rows, untuned: {log_loss(y_test, untuned.predict_proba(X_test)):.4f}")
print(f"log loss on new rows, tuned:   {log_loss(y_test, search.predict_proba(X_test)):.4f}")
