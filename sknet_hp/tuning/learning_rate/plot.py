"""The picture of a range test."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sknet_hp.system.extras import require_extra

if TYPE_CHECKING:
    import pandas as pd

STYLES = {"suggestion": "-", "steepest": "--", "tenth_of_lowest": ":", "edge_of_divergence": "-."}
"""Of the rates that are read off: told apart without colours."""
LOG_FROM = 10.0
"""Losses that span more than this factor are drawn on a logarithmic scale."""
STEPS = (0.955, 0.885, 0.815, 0.745)
"""Heights of their labels, as shares of the axes, in turn."""


class Palette(NamedTuple):
    """The colours of the curve, the suggestion, and the rest."""

    curve: str = "C0"
    suggestion: str = "C1"
    rest: str = "0.25"


def summarise_seeds(result: Any) -> "pd.DataFrame":
    """Return the losses of a range test, a row for each rate.

    Parameters
    ----------
    result : an `LRResult`.

    Returns
    -------
    losses : DataFrame
        `rate`, `mean`, `low` and `high` of the seeds whose training did not diverge,
        `n` (how many these are), `smooth` (the curve that rates were read off).
    """
    measure = "smooth_loss" if "smooth_loss" in result.table else "loss"
    table = result.table[["rate", measure]].replace([np.inf, -np.inf], np.nan)
    by_rate = table.groupby("rate")[measure]
    losses = by_rate.agg(mean="mean", low="min", high="max", n="count").reset_index()
    known = result.curve.dropna()
    logs = np.log(known["rate"])
    losses["smooth"] = np.interp(np.log(losses["rate"]), logs, known["loss"], left=np.nan, right=np.nan)
    return losses


def draw_result(result: Any, ax: Any = None, palette: Palette | None = None) -> Any:
    """Draw losses over rates, and the rates that were read off, with their spread.

    Parameters
    ----------
    result : an `LRResult`.
    ax : where to draw; None makes a figure.
    palette : colours; by default those of matplotlib.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    palette = Palette() if palette is None else palette
    if ax is None:
        with require_extra("plot", "plot", "matplotlib"):
            from matplotlib import pyplot
        _, ax = pyplot.subplots(layout="constrained")
    losses = summarise_seeds(result)
    floor, ceiling = losses["smooth"].min(), np.nanmax([result.chance_loss, result.curve["loss"].max()])
    shown = losses[losses["n"] > 0]
    ax.set(xscale="log", xlabel="Learning rate", ylabel="Loss")
    if floor > 0 and ceiling / floor > LOG_FROM:
        ax.set_yscale("log")
        share = (ceiling / floor) ** 0.06
        ax.set_ylim(floor / share**2, ceiling * share**7)
    else:
        share = 0.06 * (ceiling - floor)
        ax.set_ylim(floor - 2 * share, ceiling + 7 * share)
    ax.set_xlim(losses["rate"].min(), losses["rate"].max())
    if result.n_seeds > 1:
        ax.fill_between(shown["rate"], shown["low"], shown["high"], color=palette.curve, alpha=0.18, linewidth=0)
    ax.plot(shown["rate"], shown["mean"], ".", color=palette.curve, markersize=4, alpha=0.6)
    ax.plot(result.curve["rate"], result.curve["loss"], color=palette.curve, linewidth=2)
    if np.isfinite(result.chance_loss):
        ax.axhline(result.chance_loss, color=palette.rest, linewidth=0.9, linestyle=(0, (1, 2)))
        _write(ax, losses["rate"].min(), result.chance_loss, "chance", palette.rest, ax.transData)
    _mark_rates(ax, result, palette)
    return ax


def _mark_rates(ax: Any, result: Any, palette: Palette) -> None:
    """Draw the rates that were read off, and the estimator's own on the axis."""
    rates = {name: getattr(result, name) for name in STYLES if np.isfinite(getattr(result, name))}
    low, high = result.spread["suggestion"]
    ax.axvspan(low, high, color=palette.suggestion, alpha=0.18, linewidth=0)
    for height, (name, rate) in zip(STEPS, sorted(rates.items(), key=lambda each: each[1]), strict=False):
        colour = palette.suggestion if name == "suggestion" else palette.rest
        ax.axvline(rate, color=colour, linestyle=STYLES[name], linewidth=1.8 if name == "suggestion" else 1.1)
        _write(ax, rate, height, f"{name.replace('_', ' ')}: {rate:.2g}", colour, ax.get_xaxis_transform())
    ends = ax.get_xlim()
    if ends[0] <= result.lr <= ends[1]:
        at_edge = ax.get_xaxis_transform()
        ax.plot([result.lr], [0.02], "^", transform=at_edge, color=palette.rest, markerfacecolor="none", zorder=4)
        _write(ax, result.lr, 0.035, f"now: {result.lr:.2g}", palette.rest, at_edge)


def _write(ax: Any, x: float, y: float, text: str, colour: str, transform: Any) -> None:
    """Write beside a mark, on the side where there is more room."""
    low, high = np.log(ax.get_xlim())
    is_left = (np.log(x) - low) / (high - low) < 0.6
    ax.annotate(
        text,
        (x, y),
        (5 if is_left else -5, 0),
        xycoords=transform,
        textcoords="offset points",
        ha="left" if is_left else "right",
        va="center",
        fontsize=9,
        color=colour,
        bbox={"facecolor": ax.get_facecolor(), "alpha": 0.75, "edgecolor": "none", "pad": 0.8},
        zorder=5,
    )
