"""Model cards: what a model is, how good it is, and how it is used, on a page."""
