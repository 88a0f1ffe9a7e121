"""torch's optimizers by the names of our update rules, from the rates of a job."""

import numpy as np
import torch


class PaperLion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023, in numpy, in the paper's symbols.

    But for the rate, which every optimizer of torch's calls "lr".
    """

    def __init__(self, params, eta, lam, beta1, beta2):
        super().__init__(params, {"lr": eta, "lam": lam, "beta1": beta1, "beta2": beta2})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            eta, lam, beta1, beta2 = group["lr"], group["lam"], group["beta1"], group["beta2"]
            for p in group["params"]:
                theta, g = p.numpy().astype(np.float64), p.grad.numpy().astype(np.float64)
                m = self.state[p].get("m", np.zeros_like(theta))
                c = beta1 * m + (1 - beta1) * g
                theta = theta - eta * (np.sign(c) + lam * theta)
                self.state[p]["m"] = beta2 * m + (1 - beta2) * g
                p.copy_(torch.from_numpy(theta))


def make_adam_like(optimizer):
    return lambda p, r: optimizer(
        p, lr=r["lr"], betas=(r["beta1"], r["beta2"]), eps=r["eps"], weight_decay=r["weight_decay"]
    )


def make_sgd(p, r):
    return torch.optim.SGD(p, lr=r["lr"], momentum=r["momentum"], weight_decay=r["weight_decay"])


TORCH = {
    "sgd": make_sgd,
    "momentum": make_sgd,
    "nesterov": lambda p, r: torch.optim.SGD(
        p, lr=r["lr"], momentum=r["momentum"], weight_decay=r["weight_decay"], nesterov=r["momentum"] > 0
    ),
    "rmsprop": lambda p, r: torch.optim.RMSprop(
        p, lr=r["lr"], alpha=r["alpha"], eps=r["eps"], weight_decay=r["weight_decay"]
    ),
    "adagrad": lambda p, r: torch.optim.Adagrad(p, lr=r["lr"], eps=r["eps"], weight_decay=r["weight_decay"]),
    "adam": make_adam_like(torch.optim.Adam),
    "adamw": make_adam_like(torch.optim.AdamW),
    "nadam": make_adam_like(torch.optim.NAdam),
    "radam": make_adam_like(torch.optim.RAdam),
    "lion": lambda p, r: PaperLion(p, r["lr"], r["weight_decay"], r["beta1"], r["beta2"]),
}
"""Every rule must be here: a new one is tested the moment it is registered."""

MOVES_BY_SIGNS = {"lion"}
"""Rules whose step is a sign times the rate: a rounding that flips one costs two rates,
and NaN has no sign.
"""
