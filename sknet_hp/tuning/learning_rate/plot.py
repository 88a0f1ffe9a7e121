"""The picture of a range test."""

from typing import Any

import numpy as np

COLOURS = {"suggestion": "C2", "steepest": "C1", "tenth_of_lowest": "C4", "edge_of_divergence": "C3"}


def draw_result(result: Any, ax: Any = None) -> Any:
    """Draw losses over rates, and the rates that were read off, with their spread.

    Parameters
    ----------
    result : an `LRResult`.
    ax : where to draw; None makes a figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError as error:
            raise ImportError("plot needs matplotlib: pip install 'sknet_hp[plot]'") from error
        _, ax = pyplot.subplots()
    for _, seed in result.table.groupby("seed"):
        ax.plot(seed["rate"], seed["loss"].replace(np.inf, np.nan), ".", color="C0", alpha=0.4, markersize=4)
    ax.plot(result.curve["rate"], result.curve["loss"], color="C0", label="mean over seeds, smooth")
    if np.isfinite(result.chance_loss):
        ax.axhline(result.chance_loss, color="grey", linestyle=":", label="chance")
    for name, colour in COLOURS.items():
        rate = getattr(result, name)
        if np.isfinite(rate):
            ax.axvline(rate, color=colour, label=f"{name.replace('_', ' ')}: {rate:.2g}")
    low, high = result.spread["suggestion"]
    ax.axvspan(low, high, color=COLOURS["suggestion"], alpha=0.15)
    floor, ceiling = result.curve["loss"].min(), np.nanmax([result.chance_loss, result.curve["loss"].max()])
    margin = 0.05 * (ceiling - floor)
    ax.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(floor - margin, ceiling + margin))
    ax.legend()
    return ax
