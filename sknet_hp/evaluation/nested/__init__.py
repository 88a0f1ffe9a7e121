"""Nested cross-validation: what a search finds, scored on rows it has not seen."""
