"""The picture of which classes are confused with which."""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.metrics import ConfusionMatrixDisplay as Original

from sknet_hp.formatting.numbers import format_percentage
from sknet_hp.report.colours import PAPER
from sknet_hp.report.display import Display, name_axes, set_title
from sknet_hp.report.frames.confusion import make_confusion_frame
from sknet_hp.report.labels import escape_formulas, shorten_all
from sknet_hp.report.predictions import read_estimator, read_evaluation, read_labels

if TYPE_CHECKING:
    import pandas as pd

COLOURS = "Blues"
"""From light to dark in one hue."""

MOST_COUNTED = 8
"""Classes whose cells have room for the number of rows under the share."""

MOST_WRITTEN = 15
"""Classes whose cells have room for text at all."""

MOST_LETTERS = 24
"""Of the name of a class."""

MOST_ALONG = 40
"""Letters of all classes that have room beside each other."""

LETTER = 0.09
"""Its width, in inches."""


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
        self._labels = shorten_all([str(label) for label in frame["actual"].unique()], MOST_LETTERS)

    @classmethod
    def from_evaluation(cls, evaluation: Any, *, output: int | str | None = None, ax: Any = None) -> Self:
        """Plot the confusion matrix of the out-of-fold predictions of an evaluation.

        Parameters
        ----------
        evaluation : NestedResult
        output : int or str, default=None
            Which label, if rows may have several: its number or its name.
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
        predictions = read_evaluation(evaluation, output)
        return cls(make_confusion_frame(predictions), predictions.target).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, output: int | str | None = None, ax: Any = None) -> Self:
        """Plot the confusion matrix of a fitted classifier.

        Parameters
        ----------
        estimator : fitted classifier
        X : table of shape (n_rows, n_columns)
            Rows that it has not been fitted on.
        y : array-like of shape (n_rows,) or (n_rows, n_labels)
        output, ax
            As in `from_evaluation`.

        Returns
        -------
        display : ConfusionMatrixDisplay
        """
        predictions = read_estimator(estimator, X, y, output)
        return cls(make_confusion_frame(predictions), predictions.target).plot(ax)

    @classmethod
    def from_predictions(cls, y_true: Any, y_pred: Any, *, ax: Any = None) -> Self:
        """Plot the confusion matrix of predicted classes.

        Parameters
        ----------
        y_true : array-like of shape (n_rows,)
        y_pred : array-like of shape (n_rows,)
            Of rows that the model has not been fitted on, such as those of
            scikit-learn's `cross_val_predict`.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ConfusionMatrixDisplay
        """
        predictions = read_labels(y_true, y_pred)
        return cls(make_confusion_frame(predictions), predictions.target).plot(ax)

    @property
    def _is_steep(self) -> bool:
        """Whether names of classes have no room beside each other."""
        return max(map(len, self._labels)) > MOST_ALONG / len(self._labels)

    @property
    def _room(self) -> float:
        """Inches that names of classes take, beyond those that are always there."""
        return LETTER * max(0, max(map(len, self._labels)) - 4)

    def _choose_size(self) -> tuple[float, float]:
        return self._size[0] + self._room, self._size[1] + (self._room if self._is_steep else 0)

    def _draw(self, ax: Any) -> None:
        n = len(self._labels)
        shares = self.frame["share"].to_numpy().reshape(n, n)
        counts = self.frame["n_rows"].to_numpy().reshape(n, n)
        original = Original(shares, display_labels=list(map(escape_formulas, self._labels))).plot(
            ax=ax,
            cmap=COLOURS,
            colorbar=False,
            include_values=n <= MOST_WRITTEN,
            im_kw={"vmin": 0, "vmax": 1},
            xticks_rotation="vertical" if self._is_steep else "horizontal",
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
        name_axes(ax, f"Predicted {self.target}", f"Actual {self.target}")
        right = counts.trace() / counts.sum()
        known = self.frame.groupby("actual", sort=False)["n_rows"].sum().to_numpy() > 0
        by_class = shares.diagonal()[known].mean()
        note = f"{format_percentage(by_class, 1)} on average over classes. Share of the rows of each actual class" + (
            ", and their number" if n <= MOST_COUNTED else ""
        )
        set_title(ax, f"{format_percentage(right, 1)} of {counts.sum():,.0f} rows are right", note, beside=self._room)
