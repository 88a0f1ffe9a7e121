"""Columns of categories and of text."""
