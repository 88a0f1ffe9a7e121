"""The numbers of dates as ONNX nodes, from seconds since 1970 by the local clock.

The calendar has no operator. Days are counted in years that begin in March, as Hinnant
does (2013, "chrono-compatible low-level date algorithms"): the leap day comes last.
All is float64, in which whole numbers of days and seconds are exact.
"""

from collections.abc import Callable, Sequence

import numpy as np

from sknet_hp.estimators.encoding.dates.cycles import DAY
from sknet_hp.estimators.encoding.dates.date_column import BEYOND, STEPS, DateColumn
from sknet_hp.sharing.onnx.builder import GraphBuilder
from sknet_hp.sharing.onnx.tables import TensorTable

_MARCH = 719_468  # days from 0000-03-01 to 1970-01-01
_ERA = 146_097  # days of 400 years


def add_dates(b: GraphBuilder, dates: Sequence[DateColumn], table: TensorTable) -> str:
    """Return the numbers of all dates, (rows, numbers) float64, NaN if missing."""
    parts: list[str] = []
    for date in dates:
        seconds = _mark_missing(b, table.read_numbers(b, [date.column]))
        elapsed = b.add("Div", b.add("Sub", seconds, np.float64(date.start_)), np.float64(date.span_ or 1.0))
        parts.append(b.add("Clip", elapsed, np.float64(-BEYOND), np.float64(1 + BEYOND)))
        for name in date.cycles_:
            position = LOCATE[name](b, seconds)
            angle = b.add("Mul", position, np.float64(2 * np.pi))
            # onnxruntime has no cosine of float64
            parts += [position, _find_sine(b, angle), _find_sine(b, b.add("Add", angle, np.float64(np.pi / 2)))]
    return b.cast(b.cast(b.concatenate(parts), np.float32), np.float64)  # the encoder's are float32


def _find_sine(b: GraphBuilder, angle: str) -> str:
    steps = b.add("Round", b.add("Mul", b.add("Sin", angle), np.float64(STEPS)))
    return b.add("Div", steps, np.float64(STEPS))


def _mark_missing(b: GraphBuilder, seconds: str) -> str:
    """Return seconds, NaN for the float that NumPy makes of a missing date."""
    return b.add("Where", b.add("Less", seconds, np.float64(-9e18)), np.float64(np.nan), seconds)


def _divide(b: GraphBuilder, x: str, by: float) -> str:
    """Return how many times a number goes into x, rounded down."""
    return b.add("Floor", b.add("Div", x, np.float64(by)))


def _find_rest(b: GraphBuilder, x: str, by: float) -> str:
    """Return what remains of x, from 0 to below the number."""
    return b.add("Sub", x, b.add("Mul", _divide(b, x, by), np.float64(by)))


def _locate_in_day(b: GraphBuilder, seconds: str) -> str:
    return b.add("Div", _find_rest(b, seconds, DAY), np.float64(DAY))


def _locate_in_week(b: GraphBuilder, seconds: str) -> str:
    days = _divide(b, seconds, DAY)
    return b.add("Div", _find_rest(b, b.add("Add", days, np.float64(3)), 7), np.float64(7))  # 1970 began on a Thursday


def _locate_in_year(b: GraphBuilder, seconds: str) -> str:
    day, is_leap = _count_from_march(b, seconds)
    after_february = b.add("Less", day, np.float64(306))
    since_january = b.add("Where", after_february, np.float64(59), np.float64(-306))
    leap_day = b.add("Where", after_february, is_leap, np.float64(0))
    place = b.add("Add", b.add("Add", day, since_january), leap_day)
    return b.add("Div", place, b.add("Add", is_leap, np.float64(365)))


def _locate_in_month(b: GraphBuilder, seconds: str) -> str:
    day, is_leap = _count_from_march(b, seconds)
    month = _divide(b, b.add("Add", b.add("Mul", day, np.float64(5)), np.float64(2)), 153)  # 0 is March
    begin, end = _begin_month(b, month), _begin_month(b, b.add("Add", month, np.float64(1)))
    february = b.add("Add", is_leap, np.float64(28))
    length = b.add("Where", b.add("Equal", month, np.float64(11)), february, b.add("Sub", end, begin))
    return b.add("Div", b.add("Sub", day, begin), length)


def _begin_month(b: GraphBuilder, month: str) -> str:
    """Return the day on which a month begins, both counted from March."""
    return _divide(b, b.add("Add", b.add("Mul", month, np.float64(153)), np.float64(2)), 5)


def _count_from_march(b: GraphBuilder, seconds: str) -> tuple[str, str]:
    """Return the day since the first of March, and 1 if its year of January is leap."""
    days = b.add("Add", _divide(b, seconds, DAY), np.float64(_MARCH))
    era_day = _find_rest(b, days, _ERA)
    without_leap = b.add("Sub", era_day, _divide(b, era_day, 1_460))
    without_leap = b.add("Add", without_leap, _divide(b, era_day, 36_524))
    year = _divide(b, b.add("Sub", without_leap, _divide(b, era_day, 146_096)), 365)  # of the era
    begin = b.add("Add", b.add("Mul", year, np.float64(365)), _divide(b, year, 4))
    day = b.add("Sub", era_day, b.add("Sub", begin, _divide(b, year, 100)))
    after_december = b.add("Less", np.float64(305), day)
    own_year = b.add("Add", year, b.cast(after_december, np.float64))
    is_fourth = b.add("Equal", _find_rest(b, own_year, 4), np.float64(0))
    is_century = b.add("Equal", _find_rest(b, own_year, 100), np.float64(0))
    is_fourth_century = b.add("Equal", _find_rest(b, own_year, 400), np.float64(0))
    is_leap = b.add("Or", b.add("And", is_fourth, b.add("Not", is_century)), is_fourth_century)
    return day, b.cast(is_leap, np.float64)


LOCATE: dict[str, Callable[[GraphBuilder, str], str]] = {
    "year": _locate_in_year,
    "month": _locate_in_month,
    "week": _locate_in_week,
    "day": _locate_in_day,
}
"""By the name of a cycle in `CYCLES`."""
