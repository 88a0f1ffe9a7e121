"""The picture of the errors of predicted numbers."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.metrics import PredictionErrorDisplay as Original

from sknet_hp.formatting.numbers import format_number
from sknet_hp.report.colours import INK, MUTED, SERIES
from sknet_hp.report.display import Display, format_thousands, name_axes, set_title
from sknet_hp.report.frames.residuals import make_band_frame, make_residuals_frame, measure_errors
from sknet_hp.report.predictions import Predictions, read_estimator, read_evaluation, read_numbers

if TYPE_CHECKING:
    import pandas as pd

MOST_DOTS = 3000
"""Rows that are drawn; of more, a sample. Bands and errors are of all."""

KINDS = ("residual_vs_predicted", "actual_vs_predicted")


class ResidualsDisplay(Display):
    """Plot the errors of predicted numbers, in the unit of the target.

    A dot is a row: its residual, which is the actual minus the predicted value, over
    the prediction. The line is the median of the residuals and the band holds 80 % of
    them, each computed in tenths of the predictions. A line off zero means bias. A band
    that widens means that errors grow with the prediction; a logarithm of the target
    may help.

    It is drawn with scikit-learn's `PredictionErrorDisplay`.

    Parameters
    ----------
    frame : DataFrame
        As the class methods make it.
    target : str
        Name and unit of the target.
    kind : {"residual_vs_predicted", "actual_vs_predicted"}

    Attributes
    ----------
    frame : DataFrame
        A row for each row that was predicted: `actual`, `predicted`, `residual`.
    errors : dict
        `mae`, the mean absolute error; `rmse`, the root of the mean squared one; and
        `bias`, the mean residual.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from sknet_hp import NetRegressor
    >>> from sknet_hp.report import ResidualsDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> net = NetRegressor(max_epochs=10, random_state=0).fit(X, y)
    >>> display = ResidualsDisplay.from_estimator(net, X_test, y_test)
    >>> sorted(display.errors)
    ['bias', 'mae', 'rmse']
    """

    _size: ClassVar[tuple[float, float]] = (6.4, 4.2)

    def __init__(self, frame: "pd.DataFrame", target: str = "target", kind: str = "residual_vs_predicted"):
        super().__init__(frame)
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r} must be one of {list(KINDS)}")
        self.target, self.kind, self.errors = target, kind, measure_errors(frame)

    @classmethod
    def from_evaluation(
        cls,
        evaluation: Any,
        *,
        kind: str = "residual_vs_predicted",
        target: str | None = None,
        output: int | str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the residuals of the out-of-fold predictions of an evaluation.

        Parameters
        ----------
        evaluation : NestedResult
        kind : {"residual_vs_predicted", "actual_vs_predicted"}
            What is plotted over the prediction.
        target : str, default=None
            Name and unit of the target, such as "price in €"; None is its name, if it
            has one.
        output : int or str, default=None
            Which output, if there are several: its number or its name.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ResidualsDisplay

        Raises
        ------
        ValueError
            If the evaluation is of a classifier, or if there are several outputs and
            none is chosen.
        """
        return cls._make(read_evaluation(evaluation, output), target, kind).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        kind: str = "residual_vs_predicted",
        target: str | None = None,
        output: int | str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the residuals of a fitted regressor.

        Parameters
        ----------
        estimator : fitted regressor
        X : table of shape (n_rows, n_columns)
            Rows that it was not fitted on; on its training rows it looks too good.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        kind, target, output, ax
            As in `from_evaluation`.

        Returns
        -------
        display : ResidualsDisplay
        """
        return cls._make(read_estimator(estimator, X, y, output), target, kind).plot(ax)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        kind: str = "residual_vs_predicted",
        target: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the residuals of predicted numbers.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        y_pred : array-like of shape (n_rows,)
            Of rows that the model was not fitted on, such as those of scikit-learn's
            `cross_val_predict`.
        kind, target, ax
            As in `from_evaluation`.

        Returns
        -------
        display : ResidualsDisplay
        """
        return cls._make(read_numbers(y_true, y_pred), target, kind).plot(ax)

    @classmethod
    def _make(cls, predictions: Predictions, target: str | None, kind: str) -> Self:
        return cls(make_residuals_frame(predictions), target or predictions.target or "target", kind)

    def _draw(self, ax: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        dots = self.frame
        if len(dots) > MOST_DOTS:
            dots = dots.sample(MOST_DOTS, random_state=0)
        size = float(np.clip(3000 / len(dots), 6, 30))
        Original(y_true=dots["actual"].to_numpy(), y_pred=dots["predicted"].to_numpy()).plot(
            ax=ax,
            kind=self.kind,
            scatter_kwargs={"color": SERIES[0], "alpha": 0.35, "s": size, "linewidths": 0},
            line_kwargs={"color": MUTED, "alpha": 1, "linestyle": ":"},
        )
        if self.kind == "residual_vs_predicted":
            band = make_band_frame(self.frame)
            ax.fill_between(band["predicted"], band["low"], band["high"], color=SERIES[1], alpha=0.25, linewidth=0)
            ax.plot(band["predicted"], band["median"], color=SERIES[1], linewidth=2)
            ax.plot(band["predicted"], band[["low", "high"]], color=SERIES[1], linewidth=1, linestyle="--")
        over = "Residual: actual − predicted" if self.kind == "residual_vs_predicted" else f"Actual {self.target}"
        ax.set_aspect("auto")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(6))
        name_axes(ax, f"Predicted {self.target}{format_thousands(ax.xaxis)}", f"{over}{format_thousands(ax.yaxis)}")
        ax.tick_params(labelcolor=INK)
        set_title(ax, f"Off by {format_number(self.errors['mae'])} on average", self._write_note(len(dots)))

    def _write_note(self, n_dots: int) -> str:
        n = len(self.frame)
        dots = f"{n_dots:,} of {n:,} rows" if n_dots < n else f"{n:,} rows"
        note = f"{dots}; root mean squared error {format_number(self.errors['rmse'])}"
        if self.kind == "actual_vs_predicted":
            return note
        return f"{note}; line: median, band: 80 % of residuals"
