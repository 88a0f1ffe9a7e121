"""Fits on outer training rows, scored on outer test rows, all of them together."""
