"""The loss of networks that make several predictions for each row: each is trained by itself, and what they say together is their mean."""

from torch import Tensor

from sknet_hp.training.losses import Loss


class OfEach(Loss):
    """A loss whose outputs are `n_heads` predictions side by side, (members, rows, n_heads · n_outputs): the mean of their losses.

    Parameters
    ----------
    one : the loss of one prediction.
    n_heads : how many there are.
    """

    def __init__(self, one: Loss, n_heads: int):
        super().__init__(one.values)
        self.one, self.n_heads = one, n_heads

    def _rows(self, x: Tensor) -> Tensor:
        """(…, rows, n_heads · n) as (…, rows · n_heads, n)."""
        return x.unflatten(-1, (self.n_heads, -1)).flatten(-3, -2)

    def _repeated(self, x: Tensor) -> Tensor:
        """(…, rows, n) as (…, rows · n_heads, n)."""
        return x.repeat_interleave(self.n_heads, dim=-2)

    def even(self, n_outputs: int) -> float:
        return self.one.even(n_outputs)

    def gradient(self, outputs: Tensor, targets: Tensor, weight: Tensor, record: Tensor) -> Tensor:
        weight = self._repeated(weight / self.n_heads)
        return self.one.gradient(self._rows(outputs), self._repeated(targets), weight, self._rows(record)).view_as(outputs)

    def rows(self, record: Tensor, targets: Tensor) -> Tensor:
        each = self.one.rows(self._rows(record), self._repeated(targets))  # (…, rows · n_heads)
        return each.unflatten(-1, (-1, self.n_heads)).mean(-1)
