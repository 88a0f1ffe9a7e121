"""Predictions of rows that a model has not seen, beside what is true."""
