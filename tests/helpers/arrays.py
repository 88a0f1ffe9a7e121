"""Lists of arrays, compared."""

import numpy as np


def has_same_arrays(a, b):
    return len(a) == len(b) and all(map(np.array_equal, a, b))
