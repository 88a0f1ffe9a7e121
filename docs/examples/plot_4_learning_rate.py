"""
Find a learning rate
====================

The learning rate matters more than any other hyperparameter. A range test finds one within seconds: it trains the
network for a short time at many rates.
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
# Too small a rate learns too little in the time. Too large a rate breaks what was learned. Several seeds say how sure
# the suggestion is.

from sknet_hp.report import RangeTestDisplay

RangeTestDisplay.from_result(result)

# %%
# Use it
# ------
# ``apply`` gives a copy of the network with the suggested rate.

better = result.apply(net).fit(X[:1200], y[:1200])
print(f"lr={better.lr:.2g}: accuracy {better.score(X[1200:], y[1200:]):.3f}")
