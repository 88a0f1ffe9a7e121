"""What a page says of a search, of an evaluation and of a comparison."""
