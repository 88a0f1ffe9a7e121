"""A whole training of one network as one compiled loop."""
