"""Layers for tables that torch has not, as `nn.Module`s.

Their `forward`s count axes from the last: `nets.stacked.layers` calls them for stacks
too, where every tensor has an axis of members before those named here.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn


class NTKLinear(nn.Linear):
    """x W' / √n_inputs + b: the neural-tangent parametrisation.

    Weights are of size one in it (Jacot et al. 2018; Holzmüller et al. 2024).
    """

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.linear(x, self.weight * self.in_features**-0.5, self.bias)


class ParametricActivation(nn.Module):
    """x + (f(x) - x) · w, with a learned w for each unit.

    It starts at one (Holzmüller et al. 2024).
    """

    def __init__(self, activation: nn.Module, width: int, device: str | None = None):
        super().__init__()
        self.activation = activation
        self.weight = nn.Parameter(torch.ones(width, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        return x + (self.activation(x) - x) * self.weight.unsqueeze(-2)


class FeatureScale(nn.Module):
    """A learned factor for each input (Holzmüller et al. 2024)."""

    def __init__(self, width: int, device: str | None = None):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight.unsqueeze(-2)


class PeriodicEmbedding(nn.Module):
    """Waves of learned frequencies of the first `n_numeric` columns; the others pass.

    "plr": a ReLU of a linear map of sines and cosines (Gorishniy et al. 2022). "pbld":
    the number itself and a linear map of cosines with a learned phase (Holzmüller et
    al. 2024). Shapes: (rows, n) to (rows, n_numeric · dim + n - n_numeric).
    """

    def __init__(self, n_numeric: int, kind: str, n_frequencies: int, dim: int, device: str | None = None):
        super().__init__()
        self.n_numeric, self.kind, self.n_frequencies, self.dim = n_numeric, kind, n_frequencies, dim
        plr = kind == "plr"
        waves, learned = (2 * n_frequencies, dim) if plr else (n_frequencies, dim - 1)
        self.frequency = nn.Parameter(torch.zeros(n_numeric, n_frequencies, dtype=torch.float32, device=device))
        self.phase = (
            None if plr else nn.Parameter(torch.zeros(n_numeric, n_frequencies, dtype=torch.float32, device=device))
        )
        self.weight = nn.Parameter(torch.zeros(n_numeric, waves, learned, dtype=torch.float32, device=device))
        self.bias = nn.Parameter(torch.zeros(n_numeric, learned, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        numbers = x[..., : self.n_numeric].unsqueeze(-1)
        z = 2 * math.pi * numbers * self.frequency.unsqueeze(-3)
        waves = torch.cat([z.cos(), z.sin()], -1) if self.phase is None else (z + self.phase.unsqueeze(-3)).cos()
        embedded = torch.einsum("...rnk,...nkd->...rnd", waves, self.weight) + self.bias.unsqueeze(-3)
        embedded = embedded.relu() if self.phase is None else torch.cat([embedded, numbers], -1)
        return torch.cat([embedded.flatten(-2), x[..., self.n_numeric :]], -1)


class BinEmbedding(nn.Module):
    """Each number and its bins through a linear map of their own.

    These are the piecewise linear embeddings "B" of Gorishniy et al. 2025. The first
    `n_numeric` columns are the numbers; their bins, `n_bins` each, begin at
    `first_bin`; the other columns pass. Shapes: (rows, n) to (rows, n_numeric · dim + n
    - n_numeric · (1 + n_bins)).
    """

    def __init__(self, n_numeric: int, first_bin: int, n_bins: int, dim: int, device: str | None = None):
        super().__init__()
        self.n_numeric, self.first_bin, self.n_bins, self.dim = n_numeric, first_bin, n_bins, dim
        self.slope = nn.Parameter(torch.zeros(n_numeric, dim, dtype=torch.float32, device=device))
        self.weight = nn.Parameter(torch.zeros(n_numeric, n_bins, dim, dtype=torch.float32, device=device))
        self.bias = nn.Parameter(torch.zeros(n_numeric, dim, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        end = self.first_bin + self.n_numeric * self.n_bins
        bins = x[..., self.first_bin : end].unflatten(-1, (self.n_numeric, self.n_bins))
        straight = x[..., : self.n_numeric].unsqueeze(-1) * self.slope.unsqueeze(-3) + self.bias.unsqueeze(-3)
        embedded = torch.einsum("...rnk,...nkd->...rnd", bins, self.weight) + straight
        return torch.cat([embedded.flatten(-2), x[..., self.n_numeric : self.first_bin], x[..., end:]], -1)


class CategoryEmbedding(nn.Module):
    """Learned vectors in place of their numbers, the last `n_columns` columns.

    Numbers are rows of one table of vectors; the other columns pass. Shapes: (rows, n)
    to (rows, n - n_columns + n_columns · dim).
    """

    def __init__(self, n_columns: int, n_categories: int, dim: int, device: str | None = None):
        super().__init__()
        self.n_columns, self.n_categories, self.dim = n_columns, n_categories, dim
        self.weight = nn.Parameter(torch.zeros(n_categories, dim, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        *members, n_categories, _ = self.weight.shape
        # The first category of each member, in a table of all.
        first = torch.arange(math.prod(members), device=x.device).view(*members, 1, 1) * n_categories
        codes = x[..., -self.n_columns :].long() + first
        vectors = nn.functional.embedding(codes, self.weight.flatten(0, -2))
        return torch.cat([x[..., : -self.n_columns], vectors.flatten(-2)], -1)


class EnsembleLinear(nn.Module):
    """`n_heads` linear maps with one weight matrix (BatchEnsemble, Wen et al. 2020).

    They are told apart by learned factors on inputs and outputs.

    Shapes: (rows · n_heads, n_inputs) to (rows · n_heads, n_outputs), the heads of a
    row one after the other; (rows, n_inputs), which all heads share, where `first`.

    Parameters
    ----------
    first : whether this is the first of a network: its factors on inputs start at
        random, those of all others at one (TabM, Gorishniy et al. 2025).
    chunks : (n, size) the inputs begin with n groups of so many that start with the
        same factor: the embeddings of one number each.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        n_heads: int,
        *,
        first: bool = False,
        chunks: tuple[int, int] = (0, 1),
        device: str | None = None,
    ):
        super().__init__()
        self.n_heads, self.first, self.chunks = n_heads, first, chunks
        self.weight = nn.Parameter(torch.zeros(n_outputs, n_inputs, dtype=torch.float32, device=device))
        self.input_factor = nn.Parameter(torch.ones(n_heads, n_inputs, dtype=torch.float32, device=device))
        self.output_factor = nn.Parameter(torch.ones(n_heads, n_outputs, dtype=torch.float32, device=device))
        self.bias = nn.Parameter(torch.zeros(n_heads, n_outputs, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(-2) if self.first else x.unflatten(-2, (-1, self.n_heads))
        scaled = (x * self.input_factor.unsqueeze(-3)).flatten(-3, -2)
        y = (scaled @ self.weight.mT).unflatten(-2, (-1, self.n_heads))
        return (y * self.output_factor.unsqueeze(-3) + self.bias.unsqueeze(-3)).flatten(-3, -2)


class EnsembleOutput(nn.Module):
    """A linear map of its own for each head.

    Shapes: (rows · n_heads, n_inputs) to (rows, n_heads · n_outputs).

    Attributes
    ----------
    together : what makes (rows, n_heads, n_outputs) into (rows, n_outputs), for those
        who want one prediction a row; or None.
    """

    together: Callable[[Tensor], Tensor] | None = None

    def __init__(self, n_inputs: int, n_outputs: int, n_heads: int, device: str | None = None):
        super().__init__()
        self.n_heads = n_heads
        self.weight = nn.Parameter(torch.zeros(n_heads, n_outputs, n_inputs, dtype=torch.float32, device=device))
        self.bias = nn.Parameter(torch.zeros(n_heads, n_outputs, dtype=torch.float32, device=device))

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(-2, (-1, self.n_heads))
        out = torch.einsum("...rhi,...hoi->...rho", heads, self.weight) + self.bias.unsqueeze(-3)
        return out.flatten(-2) if self.together is None else self.together(out)
