"""How a table becomes the inputs of a network."""
