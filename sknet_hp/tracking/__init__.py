"""Searches in the tools that others follow experiments with."""
