"""A search under way: who is trained how far, and who is chosen in the end."""
