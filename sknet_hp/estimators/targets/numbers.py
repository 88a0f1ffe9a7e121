"""Numbers to predict: from the y of users to what networks are trained on, and back."""

from dataclasses import dataclass
from numbers import Real
from reprlib import repr as short
from typing import Any

import numpy as np
from sklearn.utils import check_array, column_or_1d

from sknet_hp.estimators.types import ArrayLike


@dataclass(eq=False)
class NumberTarget:
    """Numbers, which networks are given standardised; counts are divided by their mean.

    Outputs for counts are logarithms.

    Attributes
    ----------
    mean, scale, low, high : (n_targets,) of the training rows.
    flat : whether y has one dimension.
    counts : whether outputs are logarithms.
    """

    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray
    flat: bool
    counts: bool = False

    @classmethod
    def learn(cls, y: np.ndarray, weight: np.ndarray | None, *, flat: bool, counts: bool) -> "NumberTarget":
        """Learn from training rows, (n_rows, n_targets) float64, of some weight."""
        mean = np.average(y, axis=0, weights=weight)
        present = y if weight is None else y[weight > 0]
        low, high = present.min(axis=0), present.max(axis=0)
        if counts:
            if (low < 0).any():
                raise ValueError(
                    f"a Poisson loss is for counts, but y goes down to {low.min():g}; use another loss, or shift y"
                )
            return cls(np.zeros_like(mean), np.where(mean > 0, mean, 1.0), low, high, flat, True)
        # A power of two costs no digits, and squares are finite and above zero.
        _, exponent = np.frexp(np.abs(y - mean).max(axis=0))
        spread = np.ldexp(np.sqrt(np.average(np.ldexp(y - mean, -exponent) ** 2, axis=0, weights=weight)), exponent)
        # What is constant but for rounding stays as it is.
        scale = np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
        scale[scale == 0] = 1.0
        return cls(mean, scale, low, high, flat)

    def check(self, y: np.ndarray, flat: bool) -> np.ndarray:
        """Return y (n_rows, n_targets); refuse other columns than those in training."""
        if flat != self.flat or y.shape[1] != len(self.mean):
            raise ValueError(f"y has {y.shape[1]} columns, but this network was trained for {len(self.mean)}")
        if self.counts and (y < 0).any():
            raise ValueError(f"a Poisson loss is for counts, but y goes down to {y.min():g}")
        return y

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return what the network is to give, (n_rows, n_targets) float32."""
        return ((y - self.mean) / self.scale).astype(np.float32)

    def decode(self, y: np.ndarray) -> np.ndarray:
        """Return y, (n_rows, n_targets) float64, in the shape in which it was given."""
        return self._restore_shape(y)

    def predict(self, outputs: np.ndarray, *, clip: bool = False) -> np.ndarray:
        """Return predictions, float64, in the shape of y.

        They are kept within the range of the training rows if `clip`.
        """
        outputs = outputs.astype(np.float64)
        with np.errstate(over="ignore"):
            values = np.exp(outputs) * self.scale if self.counts else outputs * self.scale + self.mean
        values = np.nan_to_num(values, copy=False)  # the largest number there is in place of infinity
        return self._restore_shape(np.clip(values, self.low, self.high) if clip else values)

    def _restore_shape(self, values: np.ndarray) -> np.ndarray:
        return values[:, 0] if self.flat else values


def read_numbers(y: ArrayLike) -> tuple[np.ndarray, bool]:
    """Return y as (n_rows, n_targets) float64, and whether it has one dimension."""
    try:
        times = [dtype for dtype in _find_dtypes(y) if getattr(dtype, "kind", "") in ("m", "M")]
        if times:
            raise ValueError(
                f"y must be numbers, but holds dates or times ({times[0]}); give numbers, for example the days since "
                f"some date"
            )
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", allow_nd=False)
    except OverflowError:
        raise ValueError(
            "y holds a whole number that is too large for float64; divide y, or take its logarithm"
        ) from None
    except TypeError:
        strange = next(
            ((place, cell) for place, cell in enumerate(_read_cells(y).ravel()) if not isinstance(cell, (Real, str))),
            None,
        )
        if strange is None:
            raise
        place, cell = strange
        raise ValueError(
            f"y must be numbers, but holds {short(cell)} ({type(cell).__name__}) at position {place}; leave that row "
            f"out"
        ) from None
    except ValueError as error:
        if "could not convert" not in str(error):
            raise
        raise ValueError(f"y must be numbers, but {error}; NetClassifier is for labels") from None
    flat = y.ndim == 1 or y.shape[1] == 1
    if y.ndim == 2 and flat:
        y = column_or_1d(y, warn=True)
    return y.reshape(len(y), -1), flat


def _find_dtypes(y: ArrayLike) -> list[Any]:
    """Return the dtypes of the columns of y, and of the array that it would be.

    pandas has more of them than NumPy.
    """
    return [*(y.dtypes if hasattr(y, "columns") else [getattr(y, "dtype", None)]), _read_cells(y).dtype]


def _read_cells(y: ArrayLike) -> np.ndarray:
    """Return what y holds, as far as NumPy makes an array of it."""
    try:
        cells = np.asarray(y)
        return cells if cells.ndim else np.empty(0)
    except ValueError:  # rows of different lengths, of which scikit-learn says more
        return np.empty(0)
