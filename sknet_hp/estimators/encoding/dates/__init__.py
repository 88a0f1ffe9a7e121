"""Columns of dates: which they are, and the numbers that networks are given of them."""
