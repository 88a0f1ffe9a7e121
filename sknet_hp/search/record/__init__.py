"""The record of a search, read from its journal: finished, running or stopped."""
