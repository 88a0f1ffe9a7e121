"""The picture of how well probabilities are calibrated."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.calibration import CalibrationDisplay as Original

from sknet_hp.report.colours import MUTED, SERIES
from sknet_hp.report.display import Display, name_axes, set_title
from sknet_hp.report.frames.calibration import make_calibration_frame, measure_gap
from sknet_hp.report.labels import shorten
from sknet_hp.report.predictions import Predictions, read_estimator, read_evaluation, read_probabilities

if TYPE_CHECKING:
    import pandas as pd


RARE = 0.4
"""Where no probability and no interval reaches so far, axes end at the highest."""

CORNERS = (
    ((0.05, 0.88), "left", "more often true\nthan predicted"),
    ((0.97, 0.12), "right", "less often true\nthan predicted"),
)
"""What it means to be above and below the diagonal."""

MOST_LETTERS = 70
"""Of the name of an event."""


class CalibrationDisplay(Display):
    """Plot how often an event happened, over its predicted probability.

    All dots stand for about the same number of rows. The bar of a dot is the 95 %
    interval (Wilson) of the share of rows in which the event happened. On the diagonal,
    an event with a predicted probability of 70 % happens in 70 % of cases. Dots below
    it mean that the probabilities are too high.

    With two classes, the event is the second class, or `pos_label`. With more classes,
    it is that the predicted class is right, unless `pos_label` names a class.

    It is drawn with scikit-learn's `CalibrationDisplay`.

    Parameters
    ----------
    frame : DataFrame
        As the class methods make it.
    event : str
        The event whose probability is predicted.

    Attributes
    ----------
    frame : DataFrame
        A row for each bin: `predicted`, `observed`, `low`, `high`, `n_rows`.
    gap : float
        The expected calibration error: the mean distance of rows from the diagonal.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import CalibrationDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> net = NetClassifier(max_epochs=10, random_state=0).fit(X, y)
    >>> display = CalibrationDisplay.from_estimator(net, X_test, y_test)
    >>> display.frame.columns.tolist()
    ['predicted', 'observed', 'low', 'high', 'n_rows']
    """

    _size: ClassVar[tuple[float, float]] = (4.8, 4.8)

    def __init__(self, frame: "pd.DataFrame", event: str):
        super().__init__(frame)
        self.event, self.gap = event, measure_gap(frame)

    @classmethod
    def from_evaluation(
        cls,
        evaluation: Any,
        *,
        pos_label: Any = None,
        n_bins: int = 10,
        output: int | str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the calibration of the out-of-fold probabilities of an evaluation.

        Parameters
        ----------
        evaluation : NestedResult
        pos_label : label, default=None
            The class whose probability is plotted.
        n_bins : int, default=10
            The largest number of dots.
        output : int or str, default=None
            Which label, if rows may have several: its number or its name.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : CalibrationDisplay

        Raises
        ------
        ValueError
            If there are no probabilities, or `pos_label` is not a class.
        """
        return cls._make(read_evaluation(evaluation, output), pos_label, n_bins).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        pos_label: Any = None,
        n_bins: int = 10,
        output: int | str | None = None,
        ax: Any = None,
    ) -> Self:
        """Plot the calibration of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
        X : table of shape (n_rows, n_columns)
            Rows that it was not fitted on; on its training rows it looks too good.
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
        pos_label, n_bins, output, ax
            As in `from_evaluation`.

        Returns
        -------
        display : CalibrationDisplay
        """
        return cls._make(read_estimator(estimator, X, y, output), pos_label, n_bins).plot(ax)

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_prob: Any, *, pos_label: Any = None, n_bins: int = 10, ax: Any = None
    ) -> Self:
        """Plot the calibration of probabilities.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        y_prob : array-like of shape (n_rows,) or (n_rows, n_classes)
            Of rows that the model was not fitted on, such as those of scikit-learn's
            `cross_val_predict`: the probability of `pos_label`, by default the second
            of two classes; or of all classes, in their order.
        pos_label, n_bins, ax
            As in `from_evaluation`.

        Returns
        -------
        display : CalibrationDisplay

        Raises
        ------
        ValueError
            If they are no probabilities, or not of the classes in `y_true`.
        """
        return cls._make(read_probabilities(y_true, y_prob, pos_label), pos_label, n_bins).plot(ax)

    @classmethod
    def _make(cls, predictions: Predictions, pos_label: Any, n_bins: int) -> Self:
        frame, event = make_calibration_frame(predictions, pos_label=pos_label, n_bins=n_bins)
        return cls(frame, event)

    def _draw(self, ax: Any) -> None:
        frame, colour = self.frame, SERIES[0]
        highest = float(max(frame["predicted"].max(), frame["high"].max()))
        top = 1.0 if highest > RARE else 1.1 * highest
        Original(frame["observed"], frame["predicted"], None).plot(ax=ax, color=colour, marker="o")
        ax.vlines(frame["predicted"], frame["low"], frame["high"], color=colour, linewidth=1.4, alpha=0.6)
        ax.get_legend().remove()
        for at, side, text in CORNERS if top == 1 else ():  # else intervals take the room
            ax.text(*at, text, ha=side, va="center", fontsize=8.5, color=MUTED, transform=ax.transAxes)
        event = shorten(self.event, MOST_LETTERS)
        name_axes(ax, f"Predicted probability of {event}", f"How often it was {event}")
        ax.set(
            xlim=(-0.02 * top, 1.02 * top),
            ylim=(-0.02 * top, 1.02 * top),
            aspect="equal",
        )
        n_rows = f"{frame['n_rows'].median():,.0f}"
        set_title(
            ax,
            f"Off by {100 * self.gap:.1f} percentage points on average",
            f"Each dot: about {n_rows} rows, with its 95 % interval",
        )
