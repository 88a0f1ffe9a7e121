"""Searchers, one method a file."""
