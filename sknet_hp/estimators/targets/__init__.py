"""Targets and what rows weigh: labels, numbers, weights, rows held out."""
