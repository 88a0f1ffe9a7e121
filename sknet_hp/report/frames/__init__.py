"""From searches, fits and evaluations to the tables that pictures draw.

One file for each picture, of pure functions that return tidy data frames. Neither
matplotlib nor altair is known here: both draw from the same frames.
"""
