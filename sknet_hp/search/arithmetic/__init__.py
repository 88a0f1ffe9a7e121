"""Numbers that searches go by: brackets of rungs, and what they cost."""
