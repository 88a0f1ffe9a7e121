"""The network that is searched, and its space: the same for `tune` and `evaluate`."""

from typing import Any

from sknet_hp.cli.errors import BadInput
from sknet_hp.cli.models.named import make_contestant, take_network
from sknet_hp.cli.options import DEFAULT, EvaluateOptions, TuneOptions
from sknet_hp.cli.tuning.candidates import list_grid, make_random_space
from sknet_hp.cli.tuning.space_file import read_space
from sknet_hp.estimators.pipelines import find_last_step
from sknet_hp.presets import TaskKind
from sknet_hp.search import search_space

MAX_EPOCHS = 50


def choose_searched(options: TuneOptions | EvaluateOptions, task: TaskKind, method: str) -> tuple[Any, dict[str, Any]]:
    """Return the network whose settings are searched, and distributions of these.

    Parameters
    ----------
    options : of the command: model, space, seed and device.
    method : a name of `methods.SEARCHERS`.

    Raises
    ------
    BadInput
        If there is no such model, it has no settings to search, or the method can't
        search the space.
    """
    made = make_contestant(
        options.model, task, seed=options.seed, device=options.device, max_epochs=MAX_EPOCHS, early_stopping=True
    )
    network = take_network(made.estimator)
    prefix, last = find_last_step(network)
    if getattr(last, "random_state", 0) is None:  # without a seed, a run could not be resumed
        network.set_params(**{f"{prefix}random_state": options.seed})
    is_given = options.space is not None
    if options.space is not None:
        space = read_space(options.space, network)
    elif options.model == DEFAULT:
        space = make_random_space(network)
    else:
        try:
            space = dict(search_space(network))
        except ValueError as error:
            raise BadInput(f"the settings of {options.model!r} can't be searched: {error}") from error
    if method == "grid" and is_given:
        list_grid(space)
    if method == "grid" and not is_given and options.model != DEFAULT:
        raise BadInput(f"--search grid knows no values for --model {options.model}: give them with --space")
    return network, space
