"""Pictures of fits, searches and evaluations, and the page that shows them together."""
