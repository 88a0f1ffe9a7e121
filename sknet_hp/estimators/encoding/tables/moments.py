"""Cells that are dates, times of day or durations."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

MOMENT = "datetime64[us]"
"""What dates are read as: microseconds, which reach 290,000 years back and ahead."""


def is_date_type(cell_type: type) -> bool:
    """Return whether cells of a type are dates, with a time or without."""
    return issubclass(cell_type, (datetime.date, np.datetime64)) or cell_type.__name__ == "Period"  # pandas'


def is_duration_type(cell_type: type) -> bool:
    """Return whether cells of a type are durations, or times of day."""
    return issubclass(cell_type, (datetime.timedelta, np.timedelta64, datetime.time))


def find_zone(cells: Iterable[Any]) -> str | None:
    """Return the time zone of the first date that has one; UTC if it has no name."""
    zone = next((cell.tzinfo for cell in cells if getattr(cell, "tzinfo", None) is not None), None)
    if zone is None:
        return None
    try:
        read_zone(str(zone))
    except (ValueError, KeyError, OSError):  # what zoneinfo raises for what is no name
        return "UTC"
    return str(zone)


def read_zone(name: str) -> datetime.tzinfo:
    """Return the time zone of a name, such as Europe/Vienna or UTC+02:00."""
    if name.startswith(("UTC+", "UTC-")):
        offset = datetime.datetime.strptime(name[3:], "%z").tzinfo
        assert offset is not None
        return offset
    return ZoneInfo(name)


def check_zones(zone: str | None, expected: str | None, label: str) -> None:
    """Check that dates have a time zone where those of training had one, and only then.

    Raises
    ------
    ValueError
        If not: their clocks may differ by hours.
    """
    if (zone is None) == (expected is None):
        return
    if zone is None:
        had, now, advice = f"the time zone {expected}", "none", f"dt.tz_localize({expected!r})"
    else:
        had, now, advice = "no time zone", f"the time zone {zone}", "dt.tz_localize(None)"
    raise ValueError(f"{label} had {had} in fit, and now has {now}. With pandas, column.{advice} makes it as in fit.")


def read_moments(cells: np.ndarray, zone: str | None) -> np.ndarray:
    """Return dates as local times, datetime64[us]; NaT where missing.

    Parameters
    ----------
    cells : datetime64 ndarray, or objects, of shape (n,)
        Dates; whatever else is among objects counts as missing. The moment of a period
        is its beginning.
    zone : str or None
        The zone whose clock is read, for objects with a time zone.

    Raises
    ------
    ValueError
        If some have a time zone and others none.
    """
    if cells.dtype.kind == "M":
        return cells.astype(MOMENT)
    clock = None if zone is None else read_zone(zone)
    local = [_read_moment(cell, clock) if is_date_type(type(cell)) else None for cell in cells]
    return np.array(local, dtype=MOMENT)


def _read_moment(cell: Any, clock: datetime.tzinfo | None) -> Any:
    """Return the local time of a date, as what NumPy makes a datetime64 of."""
    if hasattr(cell, "to_timestamp"):
        return cell.to_timestamp().to_datetime64()
    if not isinstance(cell, datetime.datetime):
        return cell
    if cell != cell:  # pandas.NaT
        return None
    if (cell.tzinfo is None) != (clock is None):
        raise ValueError(
            f"dates with a time zone and dates without one stand beside each other, such as {cell}: give all of them "
            f"one, or none"
        )
    return cell if clock is None else cell.astimezone(clock).replace(tzinfo=None)


def convert_to_seconds(cell: Any) -> float:
    """Return how long a duration is, or how long after midnight a time of day."""
    if isinstance(cell, datetime.time):
        return 3600 * cell.hour + 60 * cell.minute + cell.second + cell.microsecond / 1e6
    return float(cell / (np.timedelta64(1, "s") if isinstance(cell, np.timedelta64) else datetime.timedelta(seconds=1)))
