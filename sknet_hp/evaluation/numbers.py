"""Numbers in sentences and tables."""

import numpy as np


def write_number(value: float) -> str:
    """Return a number with three or four digits that count."""
    size = abs(value)
    if not np.isfinite(value):
        return str(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 1e-3 and value:
        return f"{value:.2g}"
    return f"{value:.4f}" if size < 10 else f"{value:.4g}"


def write_p(p: float) -> str:
    """Return a p-value with its sign, as papers write it."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
