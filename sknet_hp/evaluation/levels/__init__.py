"""Splits of rows, at every level: outer folds, inner folds, rows held out in `fit`."""
