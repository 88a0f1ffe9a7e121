"""Numbers as people read them."""

from math import isfinite


def format_number(value: float) -> str:
    """Return a number with the digits that count: at most four, thousands separated."""
    return f"{value:,.0f}" if isfinite(value) and abs(value) >= 1000 else f"{value:.4g}"


def format_score(value: float) -> str:
    """Return a score with four decimals, so that scores can be compared at a glance.

    Large and very small numbers, such as errors in the target's unit, have the digits
    that count.
    """
    size = abs(value)
    if not isfinite(value):
        return str(value)
    if size >= 10:
        return format_number(value)
    return f"{value:.2g}" if 0 < size < 1e-3 else f"{value + 0.0:.4f}"  # 0.0000, not -0.0000


def format_percentage(share: float, digits: int | None = 0) -> str:
    """Return a share as a percentage, such as "12 %"; "< 1 %" where it is not quite 0.

    Parameters
    ----------
    share : 1 is all.
    digits : decimals; None for those that it has, as of confidence levels.
    """
    if digits is None:
        return f"{100 * share:.4g} %"
    least = 10.0**-digits
    return f"< {least:g} %" if 0 < 100 * share < least / 2 else f"{100 * share:.{digits}f} %"


def format_p_value(p: float) -> str:
    """Return a p-value with its sign, as papers write it."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def format_seconds(seconds: float) -> str:
    """Return a time as "0.3 s", "42 s", "1 min 5 s", "25 min" or "2 h 7 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 10:
        return _join_units((minutes, "min"), (rest, "s"))
    return _join_units(*zip(divmod(round(seconds / 60), 60), ("h", "min"), strict=True))


def format_bytes(n_bytes: float) -> str:
    """Return bytes as "12 kB", "12 MB" or "3.4 GB"."""
    size = max(n_bytes, 0)
    if size < 1e6:
        return f"{size / 1e3:,.0f} kB"
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"


def format_count(n: int, name: str) -> str:
    """Return a number with what is counted, which is given in the singular."""
    return f"{n:,} {name}{'' if n == 1 else 's'}"


def format_amount(amount: float, unit: str) -> str:
    """Return an amount with its unit, which is given in the plural: "1 epoch"."""
    return f"{format_number(amount)} {unit.removesuffix('s') if amount == 1 and '_' not in unit else unit}"


def _join_units(*parts: tuple[int, str]) -> str:
    return " ".join(f"{n} {unit}" for n, unit in parts if n)
