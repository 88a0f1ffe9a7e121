"""What all searchers share: `fit` around their way of searching, and its results."""
