"""What is searched: spaces as people write them, as models see them, and around what
they have.
"""
