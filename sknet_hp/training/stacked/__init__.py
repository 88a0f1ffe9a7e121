"""Training of many networks at once by torch."""
