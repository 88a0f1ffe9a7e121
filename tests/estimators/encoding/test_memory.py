"""A table that does not fit into memory."""

import numpy as np
import pytest
import scipy.sparse

from sknet_hp import NetClassifier
from sknet_hp.estimators.encoding import memory


def test_a_table_that_does_not_fit_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(memory, "read_available_memory", lambda: 300_000_000)
    net, y = NetClassifier(early_stopping=False, max_epochs=1), np.arange(20_000) % 2
    with pytest.raises(
        MemoryError,
        match=r"20,000 rows × 20,000 bytes = 400 MB of memory, and 300 MB are available.*feature "
        r"selection",
    ):
        net.fit(np.zeros((20_000, 5000), dtype=np.int8), y)
    net.fit(scipy.sparse.csr_array((20_000, 5000)), y)  # zeros take none
    with pytest.raises(MemoryError, match=r"20,000 rows × 20,000 bytes = 400 MB"):
        net.encoder_.transform(scipy.sparse.csr_array((20_000, 5000)))
