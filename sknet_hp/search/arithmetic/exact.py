"""Factors as exact fractions: floats lose brackets (⌊log₃ 243⌋ is 4 in floats)."""

from fractions import Fraction


def to_fraction(factor: float) -> Fraction:
    """Return a factor as it was written: 2.5 is 5/2."""
    return Fraction(str(factor))
