"""Names of parameters that somebody got wrong."""

from collections.abc import Iterable
from difflib import get_close_matches

_ELSEWHERE = {
    "lr": ("learning_rate", "learning_rate_init", "lr_rate", "eta"),
    "max_epochs": ("epochs", "n_epochs", "num_epochs", "max_iter", "n_iter"),
    "width": ("units", "n_units", "num_units", "hidden_size", "hidden_dim", "n_hidden"),
    "n_layers": ("num_layers", "hidden_layers", "n_hidden_layers", "depth"),
    "weight_decay": ("l2", "wd", "lambda_l2", "reg_lambda"),
    "dropout": ("dropout_rate", "p_dropout"),
    "batch_size": ("batchsize", "minibatch_size"),
    "random_state": ("seed", "random_seed"),
    "optimizer": ("solver",),
}
"""What our names are called by others."""


def hint(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not among the known ones: the nearest of them, or all."""
    known = list(known)
    part, *more = name.split("__", 1)
    near = ["__".join([own, *more]) for own in known if own.endswith(f"__{part}")]  # its step was forgotten
    *step, last = name.rsplit("__", 1)
    ours = next((own for own, others in _ELSEWHERE.items() if last in others), last)
    near = near or [own for own in known if own == "__".join([*step, ours]) or (not step and own.endswith(f"__{ours}"))]
    near = near or get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"it has {sorted(known)}"
