"""What a good practitioner does before and after a search."""

# Knows estimators, searchers and evaluations by their public interface alone.
