"""Kinds of layers: what is known of each, how it starts, and modules torch has not."""
