"""Suggestions for misspelt names of parameters."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Self

_OF_NETWORKS = {
    "activation": ("activation_function", "act", "nonlinearity"),
    "batch_size": ("batchsize", "minibatch_size"),
    "beta1": ("beta_1",),
    "beta2": ("beta_2",),
    "dropout": ("dropout_rate", "p_dropout"),
    "eps": ("epsilon",),
    "grad_clip_norm": ("max_grad_norm", "clipnorm", "clip_norm", "gradient_clip_val"),
    "hidden_layer_sizes": ("layers", "layer_sizes", "hidden_sizes", "hidden_units", "hidden_dims"),
    "loss": ("criterion", "objective", "loss_function"),
    "lr": ("learning_rate", "learning_rate_init", "lr_rate", "eta"),
    "lr_schedule": ("scheduler", "lr_scheduler", "learning_rate_schedule"),
    "max_epochs": ("epochs", "n_epochs", "num_epochs", "max_iter", "n_iter"),
    "min_delta": ("tol",),
    "n_layers": ("num_layers", "hidden_layers", "n_hidden_layers", "depth"),
    "n_members": ("n_ensemble", "ensemble_size", "n_estimators"),
    "normalization": ("norm", "batch_norm", "batchnorm"),
    "optimizer": ("solver",),
    "patience": ("n_iter_no_change", "early_stopping_rounds", "early_stopping_patience"),
    "random_state": ("seed", "random_seed"),
    "stopping_metric": ("metric", "eval_metric", "monitor"),
    "validation_fraction": ("val_fraction", "val_size", "validation_size"),
    "weight_decay": ("l2", "wd", "lambda_l2", "reg_lambda"),
    "width": ("units", "n_units", "num_units", "hidden_size", "hidden_dim", "n_hidden"),
}
_OF_SEARCHES = {
    "cv": ("folds", "n_folds", "n_splits"),
    "factor": ("eta", "reduction_factor"),
    "initial_candidates": ("points_to_evaluate", "initial_params"),
    "max_resources": ("max_budget", "max_t", "max_epochs", "epochs", "max_iter"),
    "min_resources": ("min_budget", "grace_period"),
    "n_candidates": ("n_iter", "n_trials", "num_samples", "n_configs"),
    "n_iter": ("n_candidates", "n_trials", "num_samples", "n_configs"),
    "n_jobs": ("n_workers", "n_cores", "workers", "n_threads"),
    "param_distributions": ("param_grid", "search_spaces", "search_space", "param_space", "params", "space"),
    "param_grid": ("param_distributions", "search_spaces", "search_space", "param_space", "params", "space"),
    "random_state": ("seed", "random_seed"),
    "resource": ("budget", "time_attr"),
    "scoring": ("metric", "scorer", "score"),
    "search_spaces": ("param_distributions", "param_grid", "search_space", "param_space", "params", "space"),
    "time_budget": ("timeout", "time_limit", "max_time", "time_budget_s"),
    "verbose": ("verbosity",),
}
"""For each of our names, what other libraries call it."""


def find_nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most likely meant; None if none is like it."""
    known = list(known)
    part, *more = name.split("__", 1)
    near = ["__".join([own, *more]) for own in known if own.endswith(f"__{part}")]  # its step was forgotten
    *step, last = name.rsplit("__", 1)
    ours = [own for meant in (_OF_NETWORKS, _OF_SEARCHES) for own, others in meant.items() if last in others] or [last]
    near = near or [
        own
        for each in ours
        for own in known
        if own == "__".join([*step, each]) or (not step and own.endswith(f"__{each}"))
    ]
    return next(iter(near or get_close_matches(name, known, n=1, cutoff=0.5)), None)


def write_hint(name: str, known: Iterable[str]) -> str:
    """Return what an error says of an unknown name: the nearest known one, or all."""
    known = list(known)
    near = find_nearest_name(name, known)
    return f"it has {sorted(known)}" if near is None else f"did you mean {near!r}?"


class NameHints:
    """Mixin of estimators whose errors on unknown parameters suggest the nearest name.

    Both the constructor and `set_params` do so.
    """

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if cls.__init__ is not object.__init__ and not hasattr(cls.__init__, "with_hints"):
            cls.__init__ = _add_hints(cls.__init__)  # type: ignore[method-assign]

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name; those of nested estimators by `name__parameter`.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        estimator: Any = super()
        known = estimator.get_params(deep=False)
        unknown = next((name for name in params if name.partition("__")[0] not in known), None)
        if unknown is not None:
            near = find_nearest_name(unknown, known)
            guess = "." if near is None else f"; did you mean {near!r}?"
            raise ValueError(
                f"Invalid parameter {unknown!r} for estimator {self}{guess} Valid parameters are: {sorted(known)!r}."
            )
        return estimator.set_params(**params)


def _add_hints(init: Callable[..., None]) -> Callable[..., None]:
    """Return a constructor of the same signature whose errors suggest names.

    One that takes any keyword arguments is returned as it is.
    """
    parameters = signature(init).parameters
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return init
    known = [name for name in parameters if name != "self"]

    @wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        unknown = next((name for name in kwargs if name not in known), None)
        if unknown is not None:
            raise TypeError(
                f"{type(self).__name__}.__init__() got an unexpected keyword argument {unknown!r}; "
                f"{write_hint(unknown, known)}"
            )
        init(self, *args, **kwargs)

    __init__.with_hints = True  # type: ignore[attr-defined]
    return __init__
