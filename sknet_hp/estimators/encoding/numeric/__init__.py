"""Columns of numbers: standardisation, other transformations, bins."""
