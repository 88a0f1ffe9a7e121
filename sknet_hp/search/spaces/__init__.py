"""Search spaces: as people write them, and as models see them."""
