"""Models that propose candidates."""
