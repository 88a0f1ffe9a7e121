"""
Optuna's own search
===================

``OptunaSearchCV`` tunes networks like any other estimator, one trial at a time. :class:`~sknet_hp.search.TPESearchCV`
lets the same sampler propose several, which train together.
"""

# %%
# One trial after another
# -----------------------
# The folds of a trial train together inside ``fused()``.

import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna_integration import OptunaSearchCV
from sklearn.datasets import load_wine

import sknet_hp
from sknet_hp import NetClassifier

optuna.logging.set_verbosity(optuna.logging.WARNING)
# OptunaSearchCV is experimental and uses a deprecated part of Optuna.
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
warnings.filterwarnings("ignore", "`optuna.terminator`", FutureWarning)

X, y = load_wine(return_X_y=True, as_frame=True)
net = NetClassifier(max_epochs=20, random_state=0)
space = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "width": CategoricalDistribution([16, 32, 64]),
}
theirs = OptunaSearchCV(net, space, n_trials=20, cv=5, scoring="neg_log_loss", random_state=0)
with sknet_hp.fused():
    theirs.fit(X, y)
print(f"log loss {-theirs.best_score_:.3f}", theirs.best_params_)

# %%
# Several at once
# ---------------
# The space can be the same. The sampler sees scores after every four candidates, and the untuned network is the first
# candidate. Twenty trials are few, so it is chance which of the two ends better.

from sknet_hp.search import TPESearchCV

ours = TPESearchCV(net, space, n_candidates=20, n_points=4, cv=5, scoring="neg_log_loss", random_state=0).fit(X, y)
print(f"log loss {-ours.best_score_:.3f}", ours.best_params_)

# %%
# Both are studies
# ----------------
# :func:`~sknet_hp.tracking.to_optuna` turns any of our searches into a study, for Optuna's plots and dashboard.

import matplotlib.pyplot as plt

from sknet_hp.tracking import to_optuna

fig, ax = plt.subplots(layout="constrained")
for name, study, marker in [("OptunaSearchCV", theirs.study_, "o"), ("TPESearchCV", to_optuna(ours), "s")]:
    losses = [-trial.value for trial in study.trials if trial.value is not None]
    ax.plot(range(1, len(losses) + 1), losses, marker, label=name)
ax.set(xlabel="trial", ylabel="log loss", yscale="log")
ax.legend()
plt.show()
