"""
Find a learning rate
====================

The learning rate matters more than any other hyperparameter. A range test finds a good one in seconds: it trains the
network briefly at many rates.
"""

# %%
# The test
# --------

from sklearn.datasets import load_digits

from sknet_hp import NetClassifier
from sknet_hp.tuning import find_lr

X, y = load_digits(return_X_y=True)
net = NetClassifier(width=64, random_state=0)
result = find_lr(net, X, y, random_state=0)
print(result)

# %%
# The picture
# -----------
# If the rate is too small, the network learns too little in the given time. If it is too large, training diverges.
# Several seeds show how sure the suggestion is.

from sknet_hp.report import RangeTestDisplay

RangeTestDisplay.from_result(result)

# %%
# Use it
# ------
# ``apply`` returns a copy of the network with the suggested rate.

better = result.apply(net).fit(X[:1200], y[:1200])
print(f"lr={better.lr:.2g}: accuracy {better.score(X[1200:], y[1200:]):.3f}")
