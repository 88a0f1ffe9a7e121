"""Kinds of layers: torch modules that torch has not, and what the other rooms must know
of each kind.
"""
