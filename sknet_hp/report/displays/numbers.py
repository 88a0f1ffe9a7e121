"""Numbers along axes."""

from typing import Any


def format_thousands(axis: Any) -> None:
    """Separate the thousands of an axis's numbers, where there are any.

    Call it when the limits are set.

    Parameters
    ----------
    axis : matplotlib Axis, such as `ax.yaxis`
    """
    from matplotlib.ticker import StrMethodFormatter

    if max(map(abs, axis.get_view_interval())) >= 1000:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
