"""The page: one HTML file that says what a search or an evaluation came to."""
