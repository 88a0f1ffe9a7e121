"""A search under way: who is trained how far, what it has scored, what is remembered,
and who is chosen in the end.
"""
