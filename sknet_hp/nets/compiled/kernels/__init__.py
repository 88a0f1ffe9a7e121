"""What compiled networks are made of, each tested against torch's operation."""
