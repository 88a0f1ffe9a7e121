"""Neural networks as scikit-learn estimators."""
