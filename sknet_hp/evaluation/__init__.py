"""Honest evaluation: whether a score is true, and which of two is better."""

# Knows estimators and searchers by their public interface alone. Statistics are pure functions.
