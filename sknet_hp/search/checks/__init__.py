"""What a search says of itself: checks of its results, one a file."""

# Its files, of which each knows those before it: case (what checks look at), dimensions (of a space, and how
# they are widened), then the checks, and find, which runs them.
