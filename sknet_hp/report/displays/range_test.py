"""Losses over learning rates, and the rates that a range test suggests."""

from typing import TYPE_CHECKING, Any, Self

from sknet_hp.report.colours import INK, SERIES
from sknet_hp.report.display import Display, set_title
from sknet_hp.report.frames.range_test import frame_range_test
from sknet_hp.tuning.learning_rate.plot import Palette, draw_result
from sknet_hp.tuning.learning_rate.range_test import find_lr

if TYPE_CHECKING:
    from sknet_hp.tuning.learning_rate.result import LRResult


class RangeTestDisplay(Display):
    """Plot which learning rates train well, and how sure the suggestion is.

    The line is the mean over seeds, smoothed. Its band reaches from the lowest to the
    highest seed. The band of the suggestion reaches from the lowest to the highest rate
    that single seeds suggest. The triangle is the current rate of the estimator.

    Use `from_result` or `from_estimator`.

    Parameters
    ----------
    result : LRResult

    Attributes
    ----------
    frame : DataFrame
        A row for each rate: `rate`, `mean`, `low`, `high`, `n` (seeds that did not
        diverge), `smooth`.
    result : LRResult
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import RangeTestDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> net = NetClassifier(width=16, random_state=0)
    >>> display = RangeTestDisplay.from_estimator(net, X, y, n_epochs=5, n_seeds=2)
    >>> display.ax_.get_xscale()
    'log'
    """

    def __init__(self, result: "LRResult"):
        super().__init__(frame_range_test(result))
        self.result = result

    @classmethod
    def from_result(cls, result: "LRResult", *, ax: Any = None) -> Self:
        """Plot the result of a range test.

        Parameters
        ----------
        result : LRResult
            Of `sknet_hp.tuning.find_lr`.
        ax : matplotlib Axes, default=None

        Returns
        -------
        display : RangeTestDisplay

        Raises
        ------
        TypeError
            If it is something else.
        """
        return cls(result).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, ax: Any = None, **settings: Any) -> Self:
        """Run a range test, and plot its result.

        Parameters
        ----------
        estimator : network, or pipeline that ends with one
        X : array-like or dataframe of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        ax : matplotlib Axes, default=None
        **settings : of `sknet_hp.tuning.find_lr`, such as `n_seeds`.

        Returns
        -------
        display : RangeTestDisplay
        """
        return cls(find_lr(estimator, X, y, **settings)).plot(ax)

    def _draw(self, ax: Any) -> None:
        draw_result(self.result, ax, Palette(SERIES[0], SERIES[1], INK))
        n = self.result.n_seeds
        seeds = f"Mean of {n} seeds; bands from the lowest to the highest. " if n > 1 else "One seed. "
        if self.result.method == "ramp":
            note = f"{seeds}The rate rises at each step of a single training run."
        else:
            epochs = "epoch" if self.result.n_epochs == 1 else "epochs"
            note = f"{seeds}Each rate was trained for {self.result.n_epochs} {epochs}; losses on held-out rows."
        set_title(ax, "Range test of the learning rate", note)
