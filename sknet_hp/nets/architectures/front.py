"""The layers before a network for tables.

Embeddings of numbers and of categories, learned factors, dropout of inputs.
"""

from typing import NamedTuple

from torch import nn

from sknet_hp.nets.layers.modules import BinEmbedding, CategoryEmbedding, FeatureScale, PeriodicEmbedding


class Front(NamedTuple):
    """The columns of an encoded table, and what becomes of them.

    Attributes
    ----------
    n_numeric : numbers; they come first.
    num_embedding : "plr", "pbld", "bins", or "none", which lets them pass.
    num_frequencies, num_embedding_dim : of each number's embedding.
    first_bin, n_bins : where the bins of "bins" begin, and how many each number has.
    n_codes, n_categories, cat_embedding_dim : columns of category codes, which come
        last; rows of their common table; its width.
    feature_scale : whether each input gets a learned factor.
    input_dropout : probability of leaving an input out.
    """

    n_numeric: int = 0
    num_embedding: str = "none"
    num_frequencies: int = 16
    num_embedding_dim: int = 4
    first_bin: int = 0
    n_bins: int = 0
    n_codes: int = 0
    n_categories: int = 0
    cat_embedding_dim: int = 8
    feature_scale: bool = False
    input_dropout: float = 0.0

    @property
    def chunks(self) -> tuple[int, int]:
        """(n, size) of the first groups of inputs, which belong to one number each."""
        embeds = self.num_embedding != "none" and self.n_numeric > 0
        return (self.n_numeric, self.num_embedding_dim) if embeds else (0, 1)

    def make_layers(self, n_features: int, device: str | None) -> tuple[list[nn.Module], int]:
        """Make the layers: (they, how many columns they make of n_features)."""
        layers: list[nn.Module] = []
        if self.num_embedding != "none" and self.n_numeric:
            taken = self.n_numeric
            if self.num_embedding == "bins":
                layers.append(
                    BinEmbedding(self.n_numeric, self.first_bin, self.n_bins, self.num_embedding_dim, device=device)
                )
                taken += self.n_numeric * self.n_bins
            else:
                layers.append(
                    PeriodicEmbedding(
                        self.n_numeric, self.num_embedding, self.num_frequencies, self.num_embedding_dim, device=device
                    )
                )
            n_features += self.n_numeric * self.num_embedding_dim - taken
        if self.n_codes:
            layers.append(CategoryEmbedding(self.n_codes, self.n_categories, self.cat_embedding_dim, device=device))
            n_features += self.n_codes * (self.cat_embedding_dim - 1)
        if self.feature_scale:
            layers.append(FeatureScale(n_features, device=device))
        if self.input_dropout > 0:
            layers.append(nn.Dropout(self.input_dropout))
        return layers, n_features
