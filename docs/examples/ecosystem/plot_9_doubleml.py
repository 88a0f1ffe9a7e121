"""
Effects of a treatment
======================

What is the effect of a treatment, if who is treated depends on many other things? DoubleML removes what networks
can predict of the treatment and of the outcome, and estimates the effect from what is left.
"""

# %%
# An effect that is known
# -----------------------
# 1,000 rows, 20 columns on which both treatment and outcome depend, and an effect of one half.

import doubleml
import numpy as np
from doubleml.plm.datasets import make_plr_CCDDHNR2018

import sknet_hp
from sknet_hp import NetRegressor

np.random.seed(3)  # DoubleML draws data and folds from NumPy's global generator
data = make_plr_CCDDHNR2018(n_obs=1000, dim_x=20, alpha=0.5)
X, y, treatment = data.x, data.y, data.d
slope = np.polyfit(treatment, y, 1)[0]
print(f"slope of outcome over treatment, ignoring all else: {slope:.3f}")

# %%
# Networks as nuisance models
# ---------------------------
# Two networks for each of five folds, three times: 30 networks. Those of a model's folds train together.

net = NetRegressor(random_state=0)
model = doubleml.DoubleMLPLR(data, ml_l=net, ml_m=net, n_folds=5, n_rep=3)
with sknet_hp.fused():
    model.fit()
print(model.summary.round(3).to_string())

# %%
# The interval contains one half.

import matplotlib.pyplot as plt

effect = model.coef[0]
low, high = model.confint().iloc[0]
fig, ax = plt.subplots(figsize=(6, 2), layout="constrained")
ax.errorbar([effect], ["DoubleML"], xerr=[[effect - low], [high - effect]], fmt="o", capsize=4)
ax.plot([slope], ["plain slope"], "s")
ax.axvline(0.5, color="k", linestyle=":", label="true effect")
ax.set(xlabel="effect", ylim=(-0.6, 1.6))
ax.legend(loc="upper center")
plt.show()
