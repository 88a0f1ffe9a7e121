"""The picture of which classes are confused with which."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.metrics import ConfusionMatrixDisplay as Original

from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.report.colours import PAPER
from sknet_hp.report.display import Display, set_title
from sknet_hp.report.frames.confusion import make_confusion_frame
from sknet_hp.report.predictions import read_estimator, read_evaluation

if TYPE_CHECKING:
    import pandas as pd

COLOURS = "Blues"
"""From light to dark in one hue."""

MOST_COUNTED = 8
"""Classes whose cells have room for the number of rows under the share."""

MOST_WRITTEN = 15
"""Classes whose cells have room for text at all."""


class ConfusionMatrixDisplay(Display):
    """Plot which classes are confused with which.

    A cell shows the share of the rows of its actual class and, below it, the number of
    rows. Each row of cells adds up to 100 %, so rare classes are as visible as frequent
    ones. If rows were predicted several times, by repeated cross-validation, numbers
    are means. If classes are rare, look at the average over classes, which is the
    balanced accuracy.

    It is drawn with scikit-learn's `ConfusionMatrixDisplay`.

    Parameters
    ----------
    frame : DataFrame
        As the class methods make it.
    target : str, default=""
        The name of the target.

    Attributes
    ----------
    frame : DataFrame
        A row for each pair of classes: `actual`, `predicted`, `n_rows`, `share`.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> from sknet_hp import NetClassifier
    >>> from sknet_hp.report import ConfusionMatrixDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> net = NetClassifier(max_epochs=10, random_state=0).fit(X, y)
    >>> display = ConfusionMatrixDisplay.from_estimator(net, X_test, y_test)
    >>> display.frame["n_rows"].sum()
    np.float64(38.0)
    """

    _size: ClassVar[tuple[float, float]] = (5.2, 4.8)

    def __init__(self, frame: "pd.DataFrame", target: str = ""):
        super().__init__(frame)
        self.target = target

    @classmethod
    def from_evaluation(cls, evaluation: Any, *, ax: Any = None) -> Self:
        """Plot the confusion matrix of the out-of-fold predictions of an evaluation.

        Parameters
        ----------
        evaluation : NestedResult
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ConfusionMatrixDisplay

        Raises
        ------
        ValueError
            If the evaluation is of a regressor, or has no predictions.
        """
        predictions = read_evaluation(evaluation)
        return cls(make_confusion_frame(predictions), predictions.target).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, ax: Any = None) -> Self:
        """Plot the confusion matrix of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
        X : table of shape (n_rows, n_columns)
            Rows that it has not been fitted on.
        y : array-like of shape (n_rows,)
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ConfusionMatrixDisplay
        """
        predictions = read_estimator(estimator, X, y)
        return cls(make_confusion_frame(predictions), predictions.target).plot(ax)

    def _draw(self, ax: Any) -> None:
        labels = self.frame["actual"].unique()
        n = len(labels)
        shares = self.frame["share"].to_numpy().reshape(n, n)
        counts = self.frame["n_rows"].to_numpy().reshape(n, n)
        original = Original(shares, display_labels=labels).plot(
            ax=ax,
            cmap=COLOURS,
            colorbar=False,
            include_values=n <= MOST_WRITTEN,
            im_kw={"vmin": 0, "vmax": 1},
            xticks_rotation="horizontal" if max(len(str(label)) for label in labels) <= 40 / n else 60,
        )
        if original.text_ is not None:
            for text, share, count in zip(original.text_.ravel(), shares.ravel(), counts.ravel(), strict=True):
                rows = f"\n{count:,.0f}" if n <= MOST_COUNTED else ""
                shown = f"{format_percentage(share)}{rows}" if share else ""
                text.set(text=shown, fontsize=10 if n <= MOST_COUNTED else 7)
        edges = [k + 0.5 for k in range(n - 1)]
        ax.hlines(edges, -0.5, n - 0.5, color=PAPER, linewidth=1)
        ax.vlines(edges, -0.5, n - 0.5, color=PAPER, linewidth=1)
        ax.grid(visible=False)
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.set(xlabel=f"Predicted {self.target}", ylabel=f"Actual {self.target}")
        right = counts.trace() / counts.sum()
        known = self.frame.groupby("actual", sort=False)["n_rows"].sum().to_numpy() > 0
        by_class = shares.diagonal()[known].mean()
        note = f"{format_percentage(by_class, 1)} on average over classes. Share of the rows of each actual class" + (
            ", and their number" if n <= MOST_COUNTED else ""
        )
        set_title(ax, f"{format_percentage(right, 1)} of {counts.sum():,.0f} rows are right", note)
