"""Seeds for what is fitted anew each time that a candidate goes on."""

from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state


def draw_first_step_seeds(estimator: Any, resource: str, random_state: Any) -> dict[str, int]:
    """Return seeds for the steps of a pipeline before the one that goes on.

    Steps that have an integer of their own get none. Seeds are given by their names as
    parameters.

    These steps are fitted again in each rung. A random projection, say, that came out
    differently would give a network that is half trained other inputs than those it has
    learned from.
    """
    known, path = estimator.get_params(deep=True), resource.split("__")[:-1]
    unseeded = []
    for depth, step in enumerate(path):
        holder = known["__".join(path[:depth])] if depth else estimator
        if not isinstance(holder, Pipeline):
            break
        names = [name for name, _ in holder.steps]
        for earlier in names[: names.index(step)]:
            prefix = "__".join([*path[:depth], earlier, ""])
            own = [name for name in known if name.startswith(prefix) and name.rsplit("__", 1)[-1] == "random_state"]
            unseeded += [name for name in own if known[name] is None or isinstance(known[name], np.random.RandomState)]
    if not unseeded:
        return {}
    draw = check_random_state(random_state)
    return {name: int(draw.randint(2**31 - 1)) for name in sorted(unseeded)}
