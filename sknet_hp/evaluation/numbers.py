"""Numbers in sentences."""


def write_p(p: float) -> str:
    """Return a p-value with its sign, as papers write it."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
