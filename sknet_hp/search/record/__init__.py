"""A search as its journal alone tells it: finished, running or broken off."""
